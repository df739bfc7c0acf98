//! The parse report of a document, and the proof that no line is lost or used twice.

use super::{Claim, Confidence, Document, DocumentAuthor, DocumentComment, Field, Miscount, Part, Span};

impl Document {
    /// Every field that the document states, with its place and confidence, in the order of the model.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let mut report = Report::default();
        report.optional("id", self.id.as_ref());
        report.optional("title", self.title.as_ref());
        report.optional("subtitle", self.subtitle.as_ref());
        report.optional("slug", self.slug.as_ref());
        report.excerpt(self);
        report.optional("lang", self.lang.as_ref());
        report.optional("status", self.status.as_ref());
        report.optional("published_at", self.published_at.as_ref());
        report.optional("updated_at", self.updated_at.as_ref());
        report.optional("canonical_url", self.canonical_url.as_ref());
        report.optional("external_id", self.external_id.as_ref());
        report.optional("source", self.source.as_ref());
        report.optional("revision", self.revision.as_ref());
        self.authors
            .iter()
            .enumerate()
            .for_each(|(index, author)| report.author(index, author));
        report.optional("byline", self.byline.as_ref());
        report.optional("section", self.section.as_ref());
        report.optional("series", self.series.as_ref());
        report.list("aliases", &self.aliases);
        report.list("tags", &self.tags);
        report.list("categories", &self.categories);
        for (key, span) in &self.extra_spans {
            report.push(format!("extra.{key}"), Some(*span), Confidence::Certain);
        }
        report.part("body", &self.body_markdown);
        self.comments
            .iter()
            .enumerate()
            .for_each(|(index, comment)| report.comment(index, comment));
        report.optional("thread", self.thread.as_ref());
        report.optional("comments_omitted", self.comments_omitted.as_ref());
        report.0
    }

    /// The least confidence of all fields.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        self.fields()
            .iter()
            .map(|field| field.confidence)
            .max()
            .unwrap_or(Confidence::Certain)
    }

    /// Checks that every line of the input belongs to one statement: one range of ignored lines, or the fields that
    /// were read from exactly the same lines (`Posted by A on DATE` states an author and a date).
    ///
    /// # Errors
    /// The first line with no owner or with owners of different ranges.
    pub fn account(&self) -> Result<(), Miscount> {
        let mut claims = self.claims();
        claims.sort_by_key(|(span, _)| *span);
        let mut claims = claims.into_iter().peekable();
        let mut next_line = 1;
        while let Some((span, owner)) = claims.next() {
            if span.first_line > next_line {
                return Err(Miscount {
                    line: next_line,
                    owners: Vec::new(),
                });
            }
            let mut owners = vec![owner];
            while let Some((_, Owner::Field(path))) = claims.next_if(|(other, other_owner)| {
                *other == span && matches!((other_owner, owners.first()), (Owner::Field(_), Some(Owner::Field(_))))
            }) {
                owners.push(Owner::Field(path));
            }
            if span.first_line < next_line || span.last_line < span.first_line {
                return Err(Miscount {
                    line: span.first_line,
                    owners: owners.iter().map(Owner::name).collect(),
                });
            }
            next_line = span.last_line.saturating_add(1);
        }
        if next_line <= self.line_count {
            return Err(Miscount {
                line: next_line,
                owners: Vec::new(),
            });
        }
        Ok(())
    }

    /// The spans of all fields and ignored lines, in the order of the lines.
    pub(super) fn taken_spans(&self) -> Vec<Span> {
        let mut spans: Vec<Span> = self.claims().into_iter().map(|(span, _)| span).collect();
        spans.sort();
        spans
    }

    fn claims(&self) -> Vec<(Span, Owner)> {
        let fields = self.fields().into_iter().filter(|field| field.claim == Claim::Owner);
        let owned = fields.filter_map(|field| field.span.map(|span| (span, Owner::Field(field.path))));
        let ignored = self
            .ignored_lines
            .iter()
            .map(|lines| (lines.span, Owner::Ignored(lines.reason.as_str())));
        owned.chain(ignored).collect()
    }
}

enum Owner {
    Field(String),
    Ignored(&'static str),
}

impl Owner {
    fn name(&self) -> String {
        match self {
            Self::Field(path) => path.clone(),
            Self::Ignored(reason) => (*reason).to_owned(),
        }
    }
}

#[derive(Default)]
struct Report(Vec<Field>);

impl Report {
    fn push(&mut self, path: String, span: Option<Span>, confidence: Confidence) {
        self.0.push(Field {
            path,
            span,
            confidence,
            claim: Claim::Owner,
        });
    }

    fn part<T>(&mut self, path: impl Into<String>, part: &Part<T>) {
        self.push(path.into(), part.span, part.confidence);
    }

    fn optional<T>(&mut self, path: impl Into<String>, part: Option<&Part<T>>) {
        if let Some(part) = part {
            self.part(path, part);
        }
    }

    fn list<T>(&mut self, path: &str, parts: &[Part<T>]) {
        for (index, part) in parts.iter().enumerate() {
            self.part(format!("{path}[{index}]"), part);
        }
    }

    fn excerpt(&mut self, document: &Document) {
        let Some(excerpt) = &document.excerpt else { return };
        let inside_body =
            matches!((document.body_markdown.span, excerpt.span), (Some(body), Some(own)) if body.contains(own));
        let claim = if inside_body { Claim::Copy } else { Claim::Owner };
        let Part { span, confidence, .. } = *excerpt;
        self.0.push(Field {
            path: "excerpt".to_owned(),
            span,
            confidence,
            claim,
        });
    }

    fn author(&mut self, index: usize, author: &Part<DocumentAuthor>) {
        let path = format!("authors[{index}]");
        let DocumentAuthor {
            slug: _,
            name: _,
            bio,
            url,
            email,
            role,
            second_name,
        } = &author.value;
        self.part(path.clone(), author);
        if let Some(span) = second_name {
            self.push(format!("{path}.slug"), Some(*span), author.confidence);
        }
        self.optional(format!("{path}.bio"), bio.as_ref());
        self.optional(format!("{path}.url"), url.as_ref());
        self.optional(format!("{path}.email"), email.as_ref());
        self.optional(format!("{path}.role"), role.as_ref());
    }

    fn comment(&mut self, index: usize, comment: &DocumentComment) {
        let path = format!("comments[{index}]");
        self.optional(format!("{path}.id"), comment.id.as_ref());
        self.optional(format!("{path}.author_name"), comment.author_name.as_ref());
        self.optional(format!("{path}.author_url"), comment.author_url.as_ref());
        self.optional(format!("{path}.created_at"), comment.created_at.as_ref());
        self.part(format!("{path}.body"), &comment.body_markdown);
    }
}
