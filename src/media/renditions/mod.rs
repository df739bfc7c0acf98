//! Smaller versions of pictures, made when somebody asks for them and then kept.
//!
//! Making one costs a processor a moment, so strangers cannot ask for any: everybody may have the sizes that are listed, and
//! all others need an address that the newsroom had signed.

pub mod answers;
pub mod delivery;
pub mod editorial;
pub mod making;
pub mod rendition;
pub mod signing;
pub mod trimming;
pub mod views;
