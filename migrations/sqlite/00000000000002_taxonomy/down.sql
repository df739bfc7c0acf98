DROP TABLE former_series_slugs;
DROP TABLE series;
DROP TABLE published_tags;
DROP TABLE article_tags;
DROP TABLE former_tag_slugs;
DROP TABLE tags;
DROP TABLE former_section_slugs;
DROP TABLE sections;
