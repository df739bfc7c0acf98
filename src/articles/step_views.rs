//! The bodies of requests for steps.

use deserr::Deserr;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::articles::article::Readiness;
use crate::articles::transitions::transition::ReviewNote;
use crate::http::input::{InputFaults, TimeText, UuidText};
use crate::http::patch::Patch;

/// A step with nothing but a note.
#[derive(Default, Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct StepIn {
    /// What to say about it in the list of transitions.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, example = "Please check the second quote.")]
    pub note: Option<ReviewNote>,
}

/// Handing an article in.
#[derive(Default, Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct SubmitIn {
    /// What to say about it in the list of transitions.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, example = "All names are checked.")]
    pub note: Option<ReviewNote>,
    /// The account that is to read it; the one before when it is left out.
    #[deserr(default)]
    #[schema(value_type = Uuid, required = false, nullable = false)]
    pub assignee_id: Option<UuidText>,
}

/// Publishing an article.
#[derive(Default, Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct PublishIn {
    /// What to say about it in the list of transitions.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, example = "Second edition.")]
    pub note: Option<ReviewNote>,
    /// Publish although preflight finds errors. Only administrators may.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = false)]
    pub force: Option<Waiver>,
}

/// The times of an article.
#[derive(Default, Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct ScheduleIn {
    /// When to publish the revision that is the current one now.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-03-02T06:00:00Z")]
    pub publish_at: Option<TimeText>,
    /// When to take the article away from readers.
    #[deserr(default)]
    #[schema(value_type = DateTime<Utc>, required = false, nullable = false, example = "2026-04-01T00:00:00Z")]
    pub unpublish_at: Option<TimeText>,
    /// What to say about it in the list of transitions.
    #[deserr(default)]
    #[schema(value_type = String, required = false, nullable = false, min_length = 1, max_length = 2_000, example = "For the morning edition.")]
    pub note: Option<ReviewNote>,
    /// Schedule although preflight finds errors. Only administrators may.
    #[deserr(default)]
    #[schema(value_type = bool, required = false, nullable = false, example = false)]
    pub force: Option<Waiver>,
}

/// Who is to work on an article.
#[derive(Deserr, ToSchema)]
#[deserr(error = InputFaults, deny_unknown_fields)]
pub struct AssignIn {
    /// The account; null for nobody in particular.
    #[schema(value_type = Option<Uuid>, example = "019ab3c4-5d6e-7f80-9a1b-2c3d4e5f6071")]
    pub assignee_id: Assignee,
}

/// An account, or nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignee(Patch<UuidText>);

/// Whether what preflight calls an error counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Waiver(bool);

impl Assignee {
    /// The account, if there is one.
    #[must_use]
    pub fn account(self) -> Option<Uuid> {
        self.0.map(|UuidText(account)| account).apply(None)
    }
}

impl Waiver {
    /// Whether the article must be ready.
    #[must_use]
    pub fn readiness(self) -> Readiness {
        match self {
            Self(true) => Readiness::Waived,
            Self(false) => Readiness::Required,
        }
    }
}

impl<E> Deserr<E> for Assignee
where
    E: deserr::DeserializeError,
    Patch<UuidText>: Deserr<E>,
{
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        Patch::deserialize_from_value(value, location).map(Self)
    }
}

impl<E: deserr::DeserializeError> Deserr<E> for Waiver {
    fn deserialize_from_value<V: deserr::IntoValue>(
        value: deserr::Value<V>,
        location: deserr::ValuePointerRef<'_>,
    ) -> Result<Self, E> {
        bool::deserialize_from_value(value, location).map(Self)
    }
}
