//! Sizes and cuts, in whole pixels. A side fits 16 bits (see [`MAX_SIDE`](super::fault::MAX_SIDE)), so nothing overflows here.

use deserr::Deserr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The focal point of a picture for which nobody chose one: its middle.
pub const MIDDLE: FocalPoint = FocalPoint { x: 500, y: 500 };

/// A size in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Size {
    /// The width.
    pub width: u16,
    /// The height.
    pub height: u16,
}

/// What must not be cut away, in thousandths of width and height, from the top left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct FocalPoint {
    /// To the right.
    pub x: u16,
    /// Downwards.
    pub y: u16,
}

/// How a picture is fitted into a size. It is never enlarged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserr, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(example = "cover")]
pub enum Fit {
    /// All of it, as great as fits.
    #[deserr(rename = "contain")]
    Contain,
    /// Filled wholly, and what does not fit is cut off around the focal point.
    #[deserr(rename = "cover")]
    Cover,
}

impl Fit {
    /// The name in addresses.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contain => "contain",
            Self::Cover => "cover",
        }
    }
}

/// A part of a picture, in its own pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Cut {
    /// What is left out on the left.
    pub left: u16,
    /// What is left out at the top.
    pub top: u16,
    /// The size of the part.
    pub size: Size,
}

/// What becomes of a picture: a part of it, in another size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Reduction {
    /// The part.
    pub cut: Cut,
    /// The size that it gets.
    pub size: Size,
}

impl Reduction {
    /// The whole picture within a box. A side that is left out does not limit it.
    #[must_use]
    pub fn contained(source: Size, width: Option<u16>, height: Option<u16>) -> Self {
        let by_width = width.map_or(source, |width| source.of_width(width));
        let by_height = height.map_or(source, |height| source.of_height(height));
        let size = match by_width.width <= by_height.width {
            true => by_width,
            false => by_height,
        };
        Self {
            cut: Cut::whole(source),
            size: size.within(source),
        }
    }

    /// The part around the focal point that has the shape of the box. A box that is greater than the picture shrinks, and
    /// keeps its shape.
    #[must_use]
    pub fn covering(source: Size, shape: Size, focal: FocalPoint) -> Self {
        let by_width = shape.of_width(source.width);
        let part = match by_width.height <= source.height {
            true => by_width,
            false => shape.of_height(source.height),
        };
        let part = part.within(source);
        let cut = Cut {
            left: offset(source.width, part.width, focal.x),
            top: offset(source.height, part.height, focal.y),
            size: part,
        };
        let size = match shape.width <= part.width && shape.height <= part.height {
            true => shape,
            false => part,
        };
        Self { cut, size }
    }

    /// Whether the picture stays as it is.
    #[must_use]
    pub fn is_nothing(self, source: Size) -> bool {
        self.cut.size == source && self.size == source
    }
}

impl Cut {
    fn whole(size: Size) -> Self {
        Self { left: 0, top: 0, size }
    }
}

impl Size {
    /// The same shape at another width.
    #[must_use]
    pub fn of_width(self, width: u16) -> Self {
        Self {
            width,
            height: scaled(self.height, width, self.width),
        }
    }

    /// The same shape at another height.
    #[must_use]
    pub fn of_height(self, height: u16) -> Self {
        Self {
            width: scaled(self.width, height, self.height),
            height,
        }
    }

    /// No side longer than that of another size.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self {
            width: self.width.min(other.width),
            height: self.height.min(other.height),
        }
    }
}

/// `value × numerator ÷ denominator`, rounded, and never nothing.
fn scaled(value: u16, numerator: u16, denominator: u16) -> u16 {
    let denominator = u32::from(denominator).max(1);
    let product = u32::from(value).saturating_mul(u32::from(numerator));
    let rounded = product.saturating_add(denominator / 2) / denominator;
    u16::try_from(rounded).unwrap_or(u16::MAX).max(1)
}

/// Where a part begins so that the focal point is in its middle, or as near to it as the edges allow.
fn offset(whole: u16, part: u16, focal: u16) -> u16 {
    let point = u32::from(whole).saturating_mul(u32::from(focal)) / 1000;
    let wanted = point.saturating_sub(u32::from(part / 2));
    u16::try_from(wanted)
        .unwrap_or(u16::MAX)
        .min(whole.saturating_sub(part))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PHOTO: Size = Size {
        width: 6000,
        height: 4000,
    };

    fn size(width: u16, height: u16) -> Size {
        Size { width, height }
    }

    #[test]
    fn a_picture_is_contained_whole_and_keeps_its_shape() {
        assert_eq!(Reduction::contained(PHOTO, Some(640), None).size, size(640, 427));
        assert_eq!(Reduction::contained(PHOTO, None, Some(200)).size, size(300, 200));
        assert_eq!(Reduction::contained(PHOTO, Some(640), Some(200)).size, size(300, 200));
        assert_eq!(Reduction::contained(PHOTO, Some(640), Some(640)).size, size(640, 427));
        assert_eq!(Reduction::contained(PHOTO, None, None).size, PHOTO);
    }

    #[test]
    fn a_picture_is_never_enlarged() {
        let small = size(100, 50);
        assert_eq!(Reduction::contained(small, Some(640), None).size, small);
        let covered = Reduction::covering(small, size(640, 640), MIDDLE);
        assert_eq!((covered.size, covered.cut.left), (size(50, 50), 25));
        let narrow = Reduction::contained(size(1, 9000), Some(640), Some(90));
        assert_eq!(narrow.size, size(1, 90));
    }

    #[test]
    fn a_cut_stays_around_the_focal_point_and_within_the_picture() {
        let cut_at = |x, y| Reduction::covering(PHOTO, size(400, 400), FocalPoint { x, y }).cut;
        assert_eq!(cut_at(500, 500).left, 1000);
        assert_eq!(cut_at(0, 0).left, 0);
        assert_eq!(cut_at(1000, 1000).left, 2000);
        assert_eq!(cut_at(400, 900).left, 400);
        assert_eq!(cut_at(400, 900).top, 0);
    }

    proptest! {
        #[test]
        fn every_reduction_lies_within_its_picture(
            (source_width, source_height) in (1_u16..=16_383, 1_u16..=16_383),
            (width, height) in (1_u16..=16_383, 1_u16..=16_383),
            (x, y) in (0_u16..=1000, 0_u16..=1000),
        ) {
            let source = size(source_width, source_height);
            let reductions = [
                Reduction::contained(source, Some(width), Some(height)),
                Reduction::covering(source, size(width, height), FocalPoint { x, y }),
            ];
            for Reduction { cut, size } in reductions {
                prop_assert!(size.width >= 1 && size.width <= width && size.width <= source.width);
                prop_assert!(size.height >= 1 && size.height <= height && size.height <= source.height);
                prop_assert!(cut.left + cut.size.width <= source.width);
                prop_assert!(cut.top + cut.size.height <= source.height);
                prop_assert!(size.width <= cut.size.width && size.height <= cut.size.height);
            }
        }
    }
}
