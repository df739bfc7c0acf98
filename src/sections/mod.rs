//! Sections: the tree of categories that a publication is divided into.

pub mod delivery;
pub mod editorial;
pub mod section;
pub mod tree;
pub mod views;
