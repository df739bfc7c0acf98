//! The kinds of pictures that are taken, and what each can be used for.

/// A kind of picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImageKind {
    /// JPEG.
    Jpeg,
    /// PNG, also animated (APNG).
    Png,
    /// GIF, also animated.
    Gif,
    /// `WebP`, also animated.
    WebP,
    /// AVIF. It is kept as it is: there is no decoder for it without a C library.
    Avif,
    /// SVG. It is kept as it is.
    Svg,
}

impl ImageKind {
    /// The kind that a media type names, without parameters and in small letters.
    #[must_use]
    pub fn of_content_type(content_type: &str) -> Option<Self> {
        match content_type {
            "image/jpeg" => Some(Self::Jpeg),
            "image/png" => Some(Self::Png),
            "image/gif" => Some(Self::Gif),
            "image/webp" => Some(Self::WebP),
            "image/avif" => Some(Self::Avif),
            "image/svg+xml" => Some(Self::Svg),
            _ => None,
        }
    }

    /// The name that people know it by.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "JPEG",
            Self::Png => "PNG",
            Self::Gif => "GIF",
            Self::WebP => "WebP",
            Self::Avif => "AVIF",
            Self::Svg => "SVG",
        }
    }

    /// Whether there is a decoder for it, so that it can be measured and made smaller.
    #[must_use]
    pub fn is_decodable(self) -> bool {
        match self {
            Self::Jpeg | Self::Png | Self::Gif | Self::WebP => true,
            Self::Avif | Self::Svg => false,
        }
    }
}
