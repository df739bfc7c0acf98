DROP TABLE confirmation_counts;
DROP TABLE formerly_shown_comments;
DROP TABLE comment_notices;
DROP TABLE comment_subscriptions;
DROP TABLE mail_messages;
