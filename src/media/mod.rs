//! Files that editors upload and articles show, pictures above all, and where they are used.

pub mod delivery;
pub mod editorial;
pub mod file_name;
pub mod images;
pub mod keeping;
#[expect(clippy::module_inception, reason = "the file of a noun has the name of the noun")]
pub mod media;
pub mod media_type;
pub mod range;
pub mod renditions;
pub mod storage;
pub mod uploads;
pub mod uses;
pub mod views;
