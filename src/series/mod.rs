//! Series: articles that belong together in an order. The place of an article in its series is stored with the article.

pub mod delivery;
pub mod editorial;
#[expect(
    clippy::module_inception,
    reason = "in every noun the rows and rules are in the file that has its name, and this noun has no other plural"
)]
pub mod series;
pub mod views;
