//! What a refusal of the articles' stores means to the client.

use crate::articles::article::{ArticleFailure, MAX_TAGS, ReferenceKind, StaleArticle};
use crate::articles::field_rights::ForbiddenField;
use crate::articles::lifecycle::IllegalStep;
use crate::articles::merge::{ContentField, MergeRefusal};
use crate::articles::preflight::{PreflightFinding, Severity};
use crate::http::conditional::precondition_required;
use crate::http::problem::{Problem, ProblemFault};
use crate::http::problem_codes;
use crate::http::times;

impl From<ArticleFailure> for Problem {
    fn from(failure: ArticleFailure) -> Self {
        match failure {
            ArticleFailure::Absent => Self::not_found("article"),
            ArticleFailure::Purged { at } => Self::new(
                &problem_codes::GONE,
                format!("The article was removed for good at {}.", times::text(at)),
            ),
            ArticleFailure::Stale(stale) => stale_article(*stale),
            ArticleFailure::NoPrecondition { revision } => precondition_required(revision),
            ArticleFailure::Exists(stale) => Self::from(stale).with_fault(ProblemFault::header(
                "If-None-Match",
                "exists",
                "there is an article with this slug already",
            )),
            ArticleFailure::NothingToMatch => {
                let detail =
                    "If-Match names a revision, and there is no such article yet. Leave the header out to make one.";
                Self::new(&problem_codes::PRECONDITION_FAILED, detail)
                    .with_fault(ProblemFault::header("If-Match", "absent", detail))
            }
            ArticleFailure::SlugTaken(conflict) => conflict.into(),
            ArticleFailure::AuthorUnknown { index, slug } => {
                let detail = format!("there is no author with the slug {slug}; create one, or give a name");
                Self::new(
                    &problem_codes::AUTHOR_UNKNOWN,
                    format!("The byline is wrong: {detail}."),
                )
                .with_fault(ProblemFault::member(
                    &format!("/authors/{index}/slug"),
                    "unknown",
                    detail,
                ))
            }
            ArticleFailure::Illegal(illegal) => illegal_step(&illegal),
            ArticleFailure::NotReady(findings) => not_ready(findings),
            ArticleFailure::ReferenceUnknown { kind, pointer, named } => reference_unknown(kind, &pointer, &named),
            ArticleFailure::TranslationTaken { conflicting_id } => {
                let detail = "another article of this group of translations has this language; give another lang or translation_of";
                Self::new(
                    &problem_codes::TRANSLATION_TAKEN,
                    format!("It cannot be stored: {detail}."),
                )
                .with_fault(ProblemFault::member("/lang", "taken", detail))
                .with_members(|details| details.conflicting_id = Some(conflicting_id))
            }
            ArticleFailure::ExternalIdTaken { conflicting_id } => {
                let detail = "another article has this external id; change that one, or give another id";
                Self::new(
                    &problem_codes::EXTERNAL_ID_TAKEN,
                    format!("It cannot be stored: {detail}."),
                )
                .with_fault(ProblemFault::member("/external_id", "taken", detail))
                .with_members(|details| details.conflicting_id = Some(conflicting_id))
            }
            ArticleFailure::FieldsForbidden(fields) => fields_forbidden(&fields),
            ArticleFailure::PublishedBefore => Self::new(
                &problem_codes::PUBLISHED_BEFORE,
                "Readers have seen this article; an editor can throw it away.",
            ),
            ArticleFailure::CoverWithoutPicture => {
                let detail = "the article has no cover yet, so give the url of the picture too";
                Self::new(
                    &problem_codes::VALIDATION_FAILED,
                    format!("1 field is wrong: {detail}."),
                )
                .with_fault(ProblemFault::member("/cover/url", "required", detail))
            }
            ArticleFailure::CustomFields(faults) => {
                let detail = match faults.as_slice() {
                    [only] => format!("1 field is wrong: {}.", only.detail.trim_end_matches('.')),
                    all => format!("{} fields are wrong; errors names each.", all.len()),
                };
                let faults = faults
                    .into_iter()
                    .map(|fault| ProblemFault::member(&format!("/custom{}", fault.pointer), fault.code, fault.detail));
                Self::new(&problem_codes::VALIDATION_FAILED, detail).with_faults(faults)
            }
            ArticleFailure::ScheduleInvalid { member, detail } => Self::new(
                &problem_codes::VALIDATION_FAILED,
                format!("{member} is wrong: {detail}."),
            )
            .with_fault(ProblemFault::member(&format!("/{member}"), "out-of-order", detail)),
            ArticleFailure::RevisionAbsent { revision } => Self::not_found(&format!("revision {revision}")),
            ArticleFailure::Database(failure) => failure.into(),
        }
    }
}

fn stale_article(stale: StaleArticle) -> Problem {
    let StaleArticle {
        stale,
        changed_fields,
        verdict,
    } = stale;
    let hint = match (&changed_fields, &verdict) {
        (None, _) => ". The revision that If-Match names is not kept any more, or is one of another article",
        (Some(_), Some(Ok(()))) => ", or send this change again with ?merge=auto: it merges cleanly",
        (Some(_), Some(Err(MergeRefusal::Conflict(_)))) => {
            ". Both changes cannot be kept: conflicting_fields names where"
        }
        (Some(_), Some(Err(MergeRefusal::BeyondLimits(_)))) => {
            ". Both changes together break a limit, which errors names"
        }
        (Some(_), None) => "",
    };
    let problem = Problem::from(stale).with_members(|details| {
        details.detail.push_str(hint);
        details.changed_fields = changed_fields.map(names);
        details.merges_cleanly = verdict.as_ref().map(Result::is_ok);
    });
    match verdict {
        None | Some(Ok(())) => problem,
        Some(Err(MergeRefusal::Conflict(fields))) => {
            problem.with_members(|details| details.conflicting_fields = Some(names(fields)))
        }
        Some(Err(MergeRefusal::BeyondLimits(fields))) => problem
            .with_faults(fields.iter().copied().map(beyond_limits))
            .with_members(|details| details.conflicting_fields = Some(names(fields))),
    }
}

fn fields_forbidden(fields: &[ForbiddenField]) -> Problem {
    let detail = match fields {
        [only] => format!("{} was not stored: {}.", only.field.pointer(), only.right.refusal()),
        all => format!(
            "{} fields may not be set, so nothing was stored; errors names each.",
            all.len()
        ),
    };
    let faults = fields
        .iter()
        .map(|set| ProblemFault::member(&set.field.pointer(), "forbidden", set.right.refusal()));
    Problem::new(&problem_codes::FIELD_FORBIDDEN, detail).with_faults(faults)
}

fn beyond_limits(field: ContentField) -> ProblemFault {
    let detail = match field {
        ContentField::BodyMarkdown => "merged with what was saved meanwhile, the text is empty or too long".to_owned(),
        ContentField::Tags => format!("merged with what was saved meanwhile, there are more than {MAX_TAGS} tags"),
        _ => format!("merged with what was saved meanwhile, {field} breaks its limits"),
    };
    ProblemFault::member(&format!("/{field}"), "beyond-limits", detail)
}

fn names(fields: Vec<ContentField>) -> Vec<String> {
    fields.into_iter().map(|field| field.as_str().to_owned()).collect()
}

fn illegal_step(illegal: &IllegalStep) -> Problem {
    let legal = illegal.legal.iter().map(|step| step.as_str().to_owned()).collect();
    let status = illegal.from.state.as_str().to_owned();
    Problem::new(&problem_codes::ILLEGAL_TRANSITION, sentence(&illegal.to_string())).with_members(|details| {
        details.current_status = Some(status);
        details.legal_steps = Some(legal);
    })
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string());
    format!("{}{}.", first.unwrap_or_default(), letters.as_str())
}

fn not_ready(findings: Vec<PreflightFinding>) -> Problem {
    let errors: Vec<PreflightFinding> = findings
        .into_iter()
        .filter(|finding| finding.severity == Severity::Error)
        .collect();
    let detail = match errors.as_slice() {
        [only] => format!("The article is not ready: {}.", only.detail.trim_end_matches('.')),
        all => format!("The article is not ready for {} reasons; errors names each.", all.len()),
    };
    let faults = errors.into_iter().map(|finding| {
        let fault = ProblemFault::member(&finding.pointer, finding.rule.as_str(), finding.detail);
        ProblemFault {
            line: finding.line,
            ..fault
        }
    });
    Problem::new(&problem_codes::NOT_READY, detail).with_faults(faults)
}

fn reference_unknown(kind: ReferenceKind, pointer: &str, named: &str) -> Problem {
    let detail = match kind {
        ReferenceKind::Section => format!("there is no section with the slug {named}; create it first"),
        ReferenceKind::Series => format!("there is no series with the slug {named}; create it first"),
        ReferenceKind::Related => format!("there is no article {named} to be related to"),
        ReferenceKind::RelatedToItself => "an article is not related to itself; leave it out".to_owned(),
        ReferenceKind::TranslationOf => format!("there is no article {named} to be a translation of"),
        ReferenceKind::TranslationRoot => {
            "the article is itself the original of translations, or would be its own; name another original".to_owned()
        }
        ReferenceKind::Media => format!("there is no file {named}; upload it first, or give another address"),
        ReferenceKind::Assignee => format!("there is no account {named} in the newsroom"),
    };
    Problem::new(
        &problem_codes::REFERENCE_UNKNOWN,
        format!("{}.", sentence(&detail).trim_end_matches('.')),
    )
    .with_fault(ProblemFault::member(pointer, "unknown", detail))
}
