//! The values of a front matter, each with the line it begins on, whatever the notation.

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};
use toml::de::{DeTable, DeValue};

use crate::documents::Fault;

/// Limits for a front matter in YAML, far above every real one and far below what would hurt.
const DEEPEST: usize = 32;
const MOST_NODES: usize = 20_000;
const MOST_ALIASES: usize = 256;
const MOST_REPLAYED_EVENTS: usize = 20_000;

/// A value and the line of the file that it begins on.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Located {
    pub(super) line: u32,
    pub(super) node: Node,
}

/// A value of a front matter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Null,
    Bool(bool),
    /// The number, and as it is written: `1.10` as a title is not `1.1`.
    Number {
        value: serde_json::Number,
        written: String,
    },
    Text(String),
    List(Vec<Located>),
    Map(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) key: String,
    /// The line of the key.
    pub(super) line: u32,
    pub(super) value: Located,
}

/// Reads YAML. `first_line` is the line of the file that the block begins on.
pub(super) fn read_yaml(block: &str, first_line: u32) -> Result<Vec<Entry>, Fault> {
    if block
        .lines()
        .all(|line| line.trim().is_empty() || line.trim_start().starts_with('#'))
    {
        return Ok(Vec::new());
    }
    let yaml: serde_saphyr::Spanned<YamlNode> =
        serde_saphyr::from_str_with_options(block, yaml_options()).map_err(|error| yaml_fault(&error, first_line))?;
    let origin = Origin { block, first_line };
    match origin.yaml(yaml, first_line).node {
        Node::Map(entries) => Ok(entries),
        Node::Null => Ok(Vec::new()),
        _ => Err(not_a_map(first_line)),
    }
}

/// Reads TOML. `first_line` is the line of the file that the block begins on.
pub(super) fn read_toml(block: &str, first_line: u32) -> Result<Vec<Entry>, Fault> {
    let table = DeTable::parse(block).map_err(|error| toml_fault(&error, block, first_line))?;
    let origin = Newlines::of(block, first_line);
    let mut entries = origin.table(table.into_inner());
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

impl Located {
    /// The value as JSON, for keys that no field takes.
    pub(super) fn to_json(&self) -> Value {
        match &self.node {
            Node::Null => Value::Null,
            Node::Bool(value) => Value::Bool(*value),
            Node::Number { value, .. } => Value::Number(value.clone()),
            Node::Text(text) => Value::String(text.clone()),
            Node::List(items) => items.iter().map(Self::to_json).collect(),
            Node::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.value.to_json()))
                .collect(),
        }
    }

    /// A scalar as text; `None` for lists, maps, an absent value and blank text.
    pub(super) fn text(&self) -> Option<String> {
        let text = match &self.node {
            Node::Text(text) => text.trim().to_owned(),
            Node::Number { written, .. } => written.clone(),
            Node::Bool(value) => value.to_string(),
            Node::Null | Node::List(_) | Node::Map(_) => return None,
        };
        Some(text).filter(|text| !text.is_empty())
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        match &self.node {
            Node::Null => true,
            Node::Text(text) => text.trim().is_empty(),
            Node::List(items) => items.is_empty(),
            Node::Map(entries) => entries.is_empty(),
            Node::Bool(_) | Node::Number { .. } => false,
        }
    }

    /// The lines that this value and the values inside it begin on.
    pub(super) fn push_lines(&self, lines: &mut Vec<u32>) {
        match &self.node {
            Node::List(items) => {
                lines.push(self.line);
                for item in items {
                    item.push_lines(lines);
                }
            }
            Node::Map(entries) => entries.iter().for_each(|entry| entry.push_lines(lines)),
            Node::Null | Node::Bool(_) | Node::Number { .. } | Node::Text(_) => lines.push(self.line),
        }
    }
}

impl Entry {
    /// The lines that the key and the values inside it begin on. A scalar begins with its key.
    pub(super) fn push_lines(&self, lines: &mut Vec<u32>) {
        lines.push(self.line);
        if matches!(self.value.node, Node::List(_) | Node::Map(_)) {
            self.value.push_lines(lines);
        }
    }
}

fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEEPEST,
            max_nodes: MOST_NODES,
            max_aliases: MOST_ALIASES,
            max_documents: 1,
        },
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Merge,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: MOST_REPLAYED_EVENTS,
            max_replay_stack_depth: DEEPEST,
            max_alias_expansions_per_anchor: MOST_ALIASES,
        },
        strict_booleans: true,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
    }
}

fn yaml_fault(error: &serde_saphyr::Error, first_line: u32) -> Fault {
    let place = error.location();
    let line = place
        .and_then(|place| u32::try_from(place.line()).ok())
        .filter(|line| *line > 0);
    let column = place
        .and_then(|place| u32::try_from(place.column()).ok())
        .filter(|column| *column > 0);
    let reason = error
        .without_snippet()
        .render_with_formatter(&serde_saphyr::UserMessageFormatter);
    let reason = reason.lines().next().unwrap_or_default();
    // The reader counts lines from the beginning of the block; a person counts them in the file.
    let reason = reason
        .split_once(" at line ")
        .map_or(reason, |(reason, _in_block)| reason);
    let line = line.map_or(first_line, |line| in_file(first_line, line));
    let place = column.map_or_else(String::new, |column| format!(", column {column}"));
    let detail = format!(
        "The front matter is not YAML that can be read here: {} at line {line}{place}; correct it at this place.",
        reason.trim_end_matches('.')
    );
    Fault {
        column,
        ..Fault::at_line(line, "invalid-front-matter", detail)
    }
}

fn toml_fault(error: &toml::de::Error, block: &str, first_line: u32) -> Fault {
    let offset = error.span().map_or(0, |span| span.start);
    let before = block.get(..offset).unwrap_or_default();
    let line = u32::try_from(before.matches('\n').count())
        .unwrap_or(u32::MAX)
        .saturating_add(1);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count();
    let reason = error.message().lines().next().unwrap_or_default().to_owned();
    Fault {
        column: u32::try_from(column).ok().map(|column| column.saturating_add(1)),
        ..Fault::at_line(
            in_file(first_line, line),
            "invalid-front-matter",
            format!("The front matter is not TOML: {reason}; correct it at this place."),
        )
    }
}

fn not_a_map(first_line: u32) -> Fault {
    let detail = "The front matter has no keys; write one “key: value” on each line.";
    Fault::at_line(first_line, "invalid-front-matter", detail)
}

const fn in_file(first_line: u32, line_in_block: u32) -> u32 {
    first_line.saturating_add(line_in_block).saturating_sub(1)
}

/// Where the values of a YAML block stand in the file.
struct Origin<'block> {
    block: &'block str,
    first_line: u32,
}

impl Origin<'_> {
    /// `around` is the line of what holds the value, for values without a place of their own.
    fn yaml(&self, yaml: serde_saphyr::Spanned<YamlNode>, around: u32) -> Located {
        let line = self.line(yaml.referenced, around);
        let node = match yaml.value {
            YamlNode::Null => Node::Null,
            YamlNode::Bool(value) => Node::Bool(value),
            YamlNode::Number(value) => {
                let written = self.written(yaml.defined).unwrap_or_else(|| value.to_string());
                Node::Number { value, written }
            }
            YamlNode::Text(text) => Node::Text(text),
            YamlNode::List(items) => Node::List(items.into_iter().map(|item| self.yaml(item, line)).collect()),
            YamlNode::Map(entries) => Node::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| self.entry(key, value, line))
                    .collect(),
            ),
        };
        Located { line, node }
    }

    fn entry(&self, key: serde_saphyr::Spanned<String>, value: serde_saphyr::Spanned<YamlNode>, around: u32) -> Entry {
        let line = self.line(key.referenced, around);
        Entry {
            key: key.value,
            line,
            value: self.yaml(value, line),
        }
    }

    fn line(&self, place: serde_saphyr::Location, around: u32) -> u32 {
        match u32::try_from(place.line()) {
            Ok(line) if line > 0 => in_file(self.first_line, line),
            _ => around,
        }
    }

    fn written(&self, place: serde_saphyr::Location) -> Option<String> {
        let start = usize::try_from(place.span().byte_offset()?).ok()?;
        let length = usize::try_from(place.span().byte_len()?).ok()?;
        let written = self.block.get(start..start.checked_add(length)?)?.trim();
        written.parse::<f64>().is_ok().then(|| written.to_owned())
    }
}

/// Where the bytes of a TOML block stand in the file.
struct Newlines {
    offsets: Vec<usize>,
    first_line: u32,
}

impl Newlines {
    fn of(block: &str, first_line: u32) -> Self {
        Self {
            offsets: block.match_indices('\n').map(|(offset, _)| offset).collect(),
            first_line,
        }
    }

    fn line(&self, offset: usize) -> u32 {
        let above = self.offsets.partition_point(|newline| *newline < offset);
        self.first_line.saturating_add(u32::try_from(above).unwrap_or(u32::MAX))
    }

    fn table(&self, table: DeTable<'_>) -> Vec<Entry> {
        let entries = table.into_iter().map(|(key, value)| {
            let line = self.line(key.span().start);
            Entry {
                key: key.into_inner().into_owned(),
                line,
                value: self.value(value),
            }
        });
        entries.collect()
    }

    fn value(&self, value: toml::Spanned<DeValue<'_>>) -> Located {
        let line = self.line(value.span().start);
        let node = match value.into_inner() {
            DeValue::String(text) => Node::Text(text.into_owned()),
            DeValue::Integer(integer) => number(&integer.to_string()),
            DeValue::Float(float) => number(float.as_str()),
            DeValue::Boolean(value) => Node::Bool(value),
            DeValue::Datetime(moment) => Node::Text(moment.to_string()),
            DeValue::Array(items) => Node::List(items.into_iter().map(|item| self.value(item)).collect()),
            DeValue::Table(table) => Node::Map(self.table(table)),
        };
        Located { line, node }
    }
}

/// A number as JSON can say it, else the text of it.
fn number(written: &str) -> Node {
    match serde_json::from_str(&written.replace('_', "")) {
        Ok(value) => Node::Number {
            value,
            written: written.to_owned(),
        },
        Err(_) => Node::Text(written.to_owned()),
    }
}

/// A value as the YAML reader gives it.
enum YamlNode {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<serde_saphyr::Spanned<YamlNode>>),
    Map(Vec<(serde_saphyr::Spanned<String>, serde_saphyr::Spanned<YamlNode>)>),
}

impl<'de> Deserialize<'de> for YamlNode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YamlVisitor)
    }
}

struct YamlVisitor;

impl<'de> Visitor<'de> for YamlVisitor {
    type Value = YamlNode;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a value of a front matter")
    }

    fn visit_unit<E>(self) -> Result<YamlNode, E> {
        Ok(YamlNode::Null)
    }

    fn visit_none<E>(self) -> Result<YamlNode, E> {
        Ok(YamlNode::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<YamlNode, D::Error> {
        YamlNode::deserialize(deserializer)
    }

    fn visit_bool<E>(self, value: bool) -> Result<YamlNode, E> {
        Ok(YamlNode::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<YamlNode, E> {
        Ok(YamlNode::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<YamlNode, E> {
        Ok(YamlNode::Number(value.into()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<YamlNode, E> {
        Ok(serde_json::Number::from_f64(value).map_or_else(|| YamlNode::Text(value.to_string()), YamlNode::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<YamlNode, E> {
        Ok(YamlNode::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<YamlNode, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(YamlNode::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<YamlNode, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(YamlNode::Map(map))
    }
}
