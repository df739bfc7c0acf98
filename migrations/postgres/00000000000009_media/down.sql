DROP TABLE media_renditions;
DROP TABLE media_uses;
DROP TABLE media;
