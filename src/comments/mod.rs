//! Comments: what readers write under an article, in one thread of any size.

pub mod comment;
pub mod delivery;
pub mod editorial;
pub mod thread_path;
pub mod views;
