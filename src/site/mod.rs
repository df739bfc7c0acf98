//! The site: what the people who run it decide for all of it.

pub mod article_url;
pub mod custom_fields;
pub mod editorial;
pub mod schema_rules;
#[expect(clippy::module_inception, reason = "the file of a noun has the name of the noun")]
pub mod site;
pub mod views;
