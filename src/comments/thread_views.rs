//! Threads on the wire: pages, a comment among others, counts, and how to ask for them.

use deserr::Deserr;
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::comments::comment::{ThreadRow, ThreadSort, ThreadState, ThreadView};
use crate::comments::thread_reading::ThreadReading;
use crate::comments::views::{ThreadItem, ThreadOut};
use crate::http::input::{IdList, InputFaults, LevelCount, ReplyCount, UuidText};
use crate::http::page::{PageInfo, PageLimit};

/// How many items a page of a thread may have.
pub type ThreadLimit = PageLimit<500, 50>;

/// The most articles whose comments one request counts.
pub const MOST_COUNTED: usize = 100;

/// A page of a thread: a flat list in which every comment stands before its replies.
#[derive(Serialize, ToSchema)]
pub struct ThreadPage {
    /// The items.
    pub data: Vec<ThreadItem>,
    /// Where the page stands.
    pub page: PageInfo,
    /// The thread.
    pub thread: ThreadOut,
    /// How often what readers see of the thread has changed. Listen from here on with
    /// `GET /v1/articles/{id}/comments/stream?last_event_id=…`.
    #[schema(example = 4_711)]
    pub change_sequence: i64,
    /// On the first page of a whole thread: the ids of the pinned comments, at most ten, the oldest first. They stand at their
    /// places in the list, too. Left out when nothing is pinned.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub pinned: Vec<Uuid>,
}

/// The article that a comment stands under.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentedArticleOut {
    /// The id.
    pub id: Uuid,
    /// The slug.
    #[schema(example = "a-walk-through-the-harbour")]
    pub slug: String,
}

/// A comment where it stands: what it answers, and what answers it.
#[derive(Serialize, ToSchema)]
pub struct CommentContextOut {
    /// The article.
    pub article: CommentedArticleOut,
    /// The comments that it stands below, from the first level on. Removed ones keep their place. Where the answer would pass
    /// one mebibyte, the texts of the farthest are left out.
    pub ancestors: Vec<ThreadItem>,
    /// The comment.
    pub comment: ThreadItem,
    /// The first comments below it, each before its replies, and stubs for what is left out. The cursor of a stub is for
    /// `GET /v1/articles/{id}/comments`, with `parent` set to the `parent_id` of the stub and `depth` as it was here.
    pub replies: Vec<ThreadItem>,
    /// The thread.
    pub thread: ThreadOut,
}

/// How many comments an article has.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentCountOut {
    /// The article.
    pub article_id: Uuid,
    /// Whether comments are shown and taken.
    pub state: ThreadState,
    /// The comments that readers see.
    #[schema(example = 12)]
    pub approved_count: i32,
}

/// How many comments some articles have.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommentCountsOut {
    /// The articles that readers see, in the order of the request.
    pub data: Vec<CommentCountOut>,
    /// The ids that name no article that readers see. Left out when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub missing: Vec<Uuid>,
}

/// How to read a thread.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ThreadQuery {
    /// The most items of the page. A page may end earlier: a branch is not torn apart if it fits on the next page, and no
    /// answer passes one mebibyte.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 500, example = 50)]
    pub limit: ThreadLimit,
    /// The cursor of another page, from `page.next`, `page.prev` or a stub.
    #[deserr(default)]
    #[param(value_type = String, required = false, nullable = false)]
    pub cursor: Option<String>,
    /// The order. In the threaded view, the order of the first level; below that replies stand as they came. The oldest first
    /// when it is left out.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub sort: Option<ThreadSort>,
    /// The layout. Threaded when it is left out. Flat lists each comment by itself, and no places of removed ones.
    #[deserr(default)]
    #[param(required = false, nullable = false)]
    pub view: Option<ThreadView>,
    /// Only what is below this comment; in the flat view, only what answers it directly.
    #[deserr(default)]
    #[param(value_type = Uuid, required = false, nullable = false)]
    pub parent: Option<UuidText>,
    /// In the threaded view: the levels to show, 1 to 32; stubs stand for what is deeper. All when it is left out.
    #[deserr(default)]
    #[param(value_type = u32, required = false, nullable = false, minimum = 1, maximum = 32, example = 3)]
    pub depth: Option<LevelCount>,
    /// In the threaded view: the most comments below each of the first level, 0 to 499; a stub stands for the others. When it
    /// is left out: 5, but with the oldest first all.
    #[deserr(default)]
    #[param(value_type = u32, required = false, nullable = false, minimum = 0, maximum = 499, example = 5)]
    pub replies: Option<ReplyCount>,
}

/// How to read a comment among others.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommentContextQuery {
    /// The levels to show below the comment, 1 to 32; stubs stand for what is deeper. All when it is left out.
    #[deserr(default)]
    #[param(value_type = u32, required = false, minimum = 1, maximum = 32, example = 3)]
    pub depth: LevelCount,
    /// The most comments below the comment, 0 to 499; a stub stands for the others. 5 when it is left out.
    #[deserr(default)]
    #[param(value_type = u32, required = false, nullable = false, minimum = 0, maximum = 499, example = 5)]
    pub replies: Option<ReplyCount>,
}

/// Whose comments to count.
#[derive(Deserr, IntoParams)]
#[deserr(error = InputFaults, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct CommentCountsQuery {
    /// The ids of the articles, with commas between them, at most 100.
    #[param(value_type = String, example = "01890a5d-ac96-774b-bcce-b302099a8057,01890a5d-ac96-774b-bcce-b302099a8058")]
    pub article_ids: IdList<MOST_COUNTED>,
}

impl ThreadQuery {
    /// What the request wants to see.
    ///
    /// # Errors
    /// The name of a parameter that the flat view does not have.
    pub fn reading(&self) -> Result<ThreadReading, &'static str> {
        let view = self.view.unwrap_or(ThreadView::Threaded);
        match (view, self.depth, self.replies) {
            (ThreadView::Flat, Some(_), _) => return Err("depth"),
            (ThreadView::Flat, None, Some(_)) => return Err("replies"),
            (ThreadView::Flat, None, None) | (ThreadView::Threaded, _, _) => {}
        }
        Ok(ThreadReading {
            sort: self.sort.unwrap_or(ThreadSort::Oldest),
            view,
            parent: self.parent.map(|parent| parent.0),
            levels: self.depth.unwrap_or_default().0,
            replies: self.replies.map(|replies| replies.0),
        })
    }
}

impl From<&ThreadRow> for CommentCountOut {
    fn from(row: &ThreadRow) -> Self {
        let ThreadOut {
            state,
            message: _,
            closed_reason: _,
            closes_at: _,
            approved_count,
        } = ThreadOut::from(row);
        Self {
            article_id: row.article_id.0,
            state,
            approved_count,
        }
    }
}
