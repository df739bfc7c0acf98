//! Comments: what readers write under an article, in one thread of any size.

pub mod comment;
pub mod delivery;
pub mod editorial;
pub mod live;
pub mod reader;
pub mod reading;
pub mod thread_page;
pub mod thread_path;
pub mod thread_reading;
pub mod thread_views;
pub mod views;
