//! Notes: what people of the newsroom tell one another about an article. Readers never see them.

pub mod editorial;
pub mod note;
pub mod views;
