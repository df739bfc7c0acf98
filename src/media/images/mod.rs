//! Pictures: what a file is, the same file without what nobody should see, and smaller versions of it. Nothing here does
//! I/O, but for [`inspecting::inspect`], which reads the file that it is given.
//!
//! All of it takes as long as a processor needs, so the callers do it on a thread that may block.

pub mod cleaning;
pub mod colors;
pub mod decoding;
pub mod encoding;
pub mod fault;
pub mod geometry;
pub mod image_kind;
pub mod inspecting;
pub mod rendering;

#[cfg(test)]
mod samples;
