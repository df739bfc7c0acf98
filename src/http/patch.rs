//! JSON Merge Patch (RFC 7396): a member that is absent, null, or has a value, are three different things.

use deserr::{DeserializeError, Deserr, IntoValue, Value, ValuePointerRef};

/// One member of a merge patch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// The member is not there: leave the field as it is.
    #[default]
    Absent,
    /// The member is null: remove the field.
    Null,
    /// The member has a value: set the field to it.
    Value(T),
}

impl<T> Patch<T> {
    /// The patch with another type of value.
    pub fn map<U>(self, convert: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Absent => Patch::Absent,
            Self::Null => Patch::Null,
            Self::Value(value) => Patch::Value(convert(value)),
        }
    }

    /// The patch that puts `value` in place of whatever is there, as a full replacement does.
    #[must_use]
    pub fn replacing(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }

    /// The field after the patch, for a field that may be empty.
    #[must_use]
    pub fn apply(self, current: Option<T>) -> Option<T> {
        match self {
            Self::Absent => current,
            Self::Null => None,
            Self::Value(value) => Some(value),
        }
    }
}

/// One member of a merge patch that cannot be removed: it is left out, or has a value. Null is a fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<T>(pub Option<T>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Deserr<E>, E: DeserializeError> Deserr<E> for Kept<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        T::deserialize_from_value(value, location).map(|value| Self(Some(value)))
    }
}

impl<T: Deserr<E>, E: DeserializeError> Deserr<E> for Patch<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, location: ValuePointerRef<'_>) -> Result<Self, E> {
        match value {
            Value::Null => Ok(Self::Null),
            value => T::deserialize_from_value(value, location).map(Self::Value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_null_and_value_differ() {
        assert_eq!(Patch::Absent.apply(Some("old")), Some("old"));
        assert_eq!(Patch::Null.apply(Some("old")), None);
        assert_eq!(Patch::Value("new").apply(Some("old")), Some("new"));
        assert_eq!(Patch::<&str>::Absent.apply(None), None);
    }
}
