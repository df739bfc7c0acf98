//! GIF: blocks (`GIF89a`, section 17 and following). Nothing is decoded here, so the number of frames costs nothing.

use bytes::Bytes;

use super::{CleanedFile, Motion};
use crate::media::images::fault::{FRAMES_FACTOR, ImageFault, ImageLimits, MAX_FRAMES};
use crate::media::images::image_kind::ImageKind;

const KIND: ImageKind = ImageKind::Gif;

const EXTENSION: u8 = 0x21;
const FRAME: u8 = 0x2c;
const END: u8 = 0x3b;
const COMMENT: u8 = 0xfe;
const APPLICATION: u8 = 0xff;

/// How often to repeat, by the two names it has, and the colour profile.
const KEPT_APPLICATIONS: [&[u8]; 3] = [b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"];

pub fn clean(bytes: &Bytes, limits: ImageLimits) -> Result<CleanedFile, ImageFault> {
    let mut file = Blocks { left: bytes };
    let mut kept = Vec::with_capacity(bytes.len());
    kept.extend_from_slice(file.head()?);
    let max_pixels = limits.max_pixels.saturating_mul(FRAMES_FACTOR);
    let (mut frames, mut pixels) = (0_usize, 0_u64);
    loop {
        match file.block()? {
            Block::Kept(block) => kept.extend_from_slice(block),
            Block::Dropped => {}
            Block::Frame { block, area } => {
                kept.extend_from_slice(block);
                (frames, pixels) = (frames.saturating_add(1), pixels.saturating_add(area));
                if frames > MAX_FRAMES || pixels > max_pixels {
                    return Err(ImageFault::TooManyFrames { limit: max_pixels });
                }
            }
            Block::End => break,
        }
    }
    kept.push(END);
    let motion = match frames {
        0 => return Err(ImageFault::undecodable(KIND, "it has no frame")),
        1 => Motion::Still,
        _ => Motion::Animated,
    };
    Ok(CleanedFile {
        bytes: Bytes::from(kept),
        motion,
    })
}

enum Block<'a> {
    Kept(&'a [u8]),
    Dropped,
    Frame { block: &'a [u8], area: u64 },
    End,
}

/// What was not read yet.
struct Blocks<'a> {
    left: &'a [u8],
}

impl<'a> Blocks<'a> {
    /// Signature, screen and the colours for all frames.
    fn head(&mut self) -> Result<&'a [u8], ImageFault> {
        let before = self.left;
        let signature = self.take(6)?;
        if signature != b"GIF87a" && signature != b"GIF89a" {
            return Err(ImageFault::undecodable(KIND, "it does not begin as one"));
        }
        let screen = self.take(7)?;
        self.colors(screen.get(4).copied())?;
        Ok(read_since(before, self.left))
    }

    fn block(&mut self) -> Result<Block<'a>, ImageFault> {
        let before = self.left;
        match self.byte()? {
            END => Ok(Block::End),
            EXTENSION => self.extension(before),
            FRAME => self.frame(before),
            _ => Err(ImageFault::undecodable(KIND, "it has a block of an unknown kind")),
        }
    }

    fn extension(&mut self, before: &'a [u8]) -> Result<Block<'a>, ImageFault> {
        let label = self.byte()?;
        let first = self.sub_block()?;
        if !first.is_empty() {
            self.sub_blocks()?;
        }
        let kept = match label {
            COMMENT => false,
            APPLICATION => KEPT_APPLICATIONS.contains(&first),
            _ => true,
        };
        match kept {
            true => Ok(Block::Kept(read_since(before, self.left))),
            false => Ok(Block::Dropped),
        }
    }

    fn frame(&mut self, before: &'a [u8]) -> Result<Block<'a>, ImageFault> {
        let descriptor = self.take(9)?;
        let &[_, _, _, _, width_low, width_high, height_low, height_high, flags] = descriptor else {
            return Err(ImageFault::Truncated(KIND));
        };
        let width = u16::from_le_bytes([width_low, width_high]);
        let height = u16::from_le_bytes([height_low, height_high]);
        self.colors(Some(flags))?;
        let _code_size = self.byte()?;
        self.sub_blocks()?;
        Ok(Block::Frame {
            block: read_since(before, self.left),
            area: u64::from(width) * u64::from(height),
        })
    }

    /// A table of colours, if the flags announce one.
    fn colors(&mut self, flags: Option<u8>) -> Result<(), ImageFault> {
        let flags = flags.unwrap_or_default();
        if flags & 0x80 == 0 {
            return Ok(());
        }
        self.take(3 << (1 + usize::from(flags & 0x07)))?;
        Ok(())
    }

    /// All sub-blocks up to the empty one.
    fn sub_blocks(&mut self) -> Result<(), ImageFault> {
        while !self.sub_block()?.is_empty() {}
        Ok(())
    }

    fn sub_block(&mut self) -> Result<&'a [u8], ImageFault> {
        let length = self.byte()?;
        self.take(usize::from(length))
    }

    fn byte(&mut self) -> Result<u8, ImageFault> {
        let (first, rest) = self.left.split_first().ok_or(ImageFault::Truncated(KIND))?;
        self.left = rest;
        Ok(*first)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], ImageFault> {
        let (taken, rest) = self.left.split_at_checked(length).ok_or(ImageFault::Truncated(KIND))?;
        self.left = rest;
        Ok(taken)
    }
}

/// What was read between two states of what is left.
fn read_since<'a>(before: &'a [u8], left: &[u8]) -> &'a [u8] {
    before
        .get(..before.len().saturating_sub(left.len()))
        .unwrap_or_default()
}
