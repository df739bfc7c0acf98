//! Transitions: the record of every step in the life of an article.

use actix_web::http::Method;
use chrono::Duration;
use galley::accounts::permissions::Role;
use galley::articles::lifecycle::{ArticleState, Step};
use galley::articles::transitions::transition::{MadeBy, NewTransition, ReviewNote};
use galley::audit::origin::Origin;
use galley::database::failure::Failure;
use galley::database::ids::RowId;
use galley::write_unit;
use serde_json::Value;
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, id};

/// Where the record of an article is.
fn transitions(article: &Value) -> String {
    format!("/v1/editorial/articles/{}/transitions", id(article))
}

fn uuid(text: &Value) -> Uuid {
    Uuid::parse_str(text.as_str().unwrap()).unwrap()
}

/// The step from a draft to the review of its first revision, in the form that a test changes.
fn submission(article: &Value) -> NewTransition {
    NewTransition {
        article: RowId(uuid(&article["id"])),
        step: Step::Submit,
        from: ArticleState::Draft,
        to: ArticleState::InReview,
        revision: 1,
        note: None,
        made_by: MadeBy::Request,
    }
}

/// Records a step a minute after whatever was before, in the name of the account that made the article.
async fn record(app: &TestApp, article: &Value, new: NewTransition) {
    app.state.clock.advance(Duration::minutes(1));
    let stamp = app
        .state
        .stamp(Origin::schedule().in_name_of(uuid(&article["created_by"])));
    let recorded: Result<(), Failure> = write_unit!(&app.state.database, article_transitions::record(new, &stamp));
    recorded.unwrap();
}

fn steps(answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let transitions = list["data"].as_array().unwrap();
    transitions
        .iter()
        .map(|one| one["step"].as_str().unwrap().to_owned())
        .collect()
}

on_both_databases! {
    async fn every_step_is_told_with_what_was_said_about_it(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        record(&app, &article, submission(&article)).await;
        let note = ReviewNote::parse("The second figure\nneeds a source.").unwrap();
        record(&app, &article, NewTransition {
            step: Step::RequestChanges,
            from: ArticleState::InReview,
            to: ArticleState::Draft,
            note: Some(note),
            ..submission(&article)
        })
        .await;
        record(&app, &article, NewTransition {
            step: Step::Publish,
            from: ArticleState::Scheduled,
            to: ArticleState::Published,
            revision: 4,
            made_by: MadeBy::Schedule,
            ..submission(&article)
        })
        .await;
        let list = ada.get(&transitions(&article)).await.expect(200);
        assert_eq!(list.header("cache-control"), "private, no-store");
        // What making the article records stands before these.
        let data = list.json()["data"].as_array().unwrap()[..3].to_vec();
        insta::assert_json_snapshot!("transitions", data, {"[].id" => "ID"});
    }

    async fn steps_are_listed_from_the_newest_on(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (ada.draft("Ships").await, ada.draft("Gulls").await);
        let before = steps(&ada.get(&transitions(&article)).await.expect(200));
        for step in [Step::Submit, Step::Publish, Step::Archive] {
            record(&app, &article, NewTransition { step, ..submission(&article) }).await;
        }
        record(&app, &other, NewTransition { step: Step::Trash, ..submission(&other) }).await;
        let whole = steps(&ada.get(&transitions(&article)).await.expect(200));
        assert_eq!(whole, [vec!["archive".to_owned(), "publish".to_owned(), "submit".to_owned()], before].concat());
        let first = ada.get(&format!("{}?limit=2", transitions(&article))).await.expect(200);
        assert_eq!(steps(&first), ["archive", "publish"]);
        let next = first.json()["page"]["next"].as_str().unwrap().to_owned();
        let second = ada.get(&format!("{}?limit=2&cursor={next}", transitions(&article))).await.expect(200);
        assert_eq!(steps(&second)[0], "submit");
        let prev = second.json()["page"]["prev"].as_str().unwrap().to_owned();
        let back = ada.get(&format!("{}?limit=2&cursor={prev}", transitions(&article))).await.expect(200);
        assert_eq!(steps(&back), ["archive", "publish"]);
        for (path, code) in [
            (format!("{}?cursor={next}", transitions(&other)), "cursor-mismatch"),
            (format!("{}?cursor=nonsense", transitions(&article)), "cursor-invalid"),
            (format!("{}?limit=101", transitions(&article)), "limit-too-large"),
            (format!("{}?limit=few", transitions(&article)), "invalid-parameter"),
            (format!("{}?step=publish", transitions(&article)), "unknown-parameter"),
        ] {
            ada.get(&path).await.problem(400, code);
        }
    }

    async fn the_record_is_for_those_who_reach_the_article(app: TestApp) {
        let (ada, grace) = (app.editor().await, app.account(Role::Author).await);
        let (article, own) = (ada.draft("Ships").await, grace.draft("Gulls").await);
        app.reader().get(&transitions(&article)).await.problem(401, "not-authenticated");
        app.bearer("nonsense").get(&transitions(&article)).await.problem(401, "token-invalid");
        for role in [Role::Moderator, Role::Reader] {
            let problem = app.account(role).await.get(&transitions(&article)).await.problem(403, "insufficient-scope");
            assert!(problem["detail"].as_str().unwrap().contains("articles:read"), "{problem}");
        }
        grace.get(&transitions(&article)).await.problem(404, "not-found");
        grace.get(&transitions(&own)).await.expect(200);
        ada.get(&transitions(&own)).await.expect(200);
    }

    async fn what_is_not_there_is_told_and_nothing_is_recorded_by_hand(app: TestApp) {
        let ada = app.editor().await;
        let article = ada.draft("Ships").await;
        let nobody = "/v1/editorial/articles/00000000-0000-7000-8000-000000000000/transitions";
        let problem = ada.get(nobody).await.problem(404, "not-found");
        assert_eq!(problem["detail"], "There is no such article.");
        let problem = ada.get("/v1/editorial/articles/ships/transitions").await.problem(400, "invalid-parameter");
        assert_eq!(only_fault(&problem)["parameter"], "id");
        let send = |client: Client| client.request(Method::POST, &transitions(&article)).body("application/json", "{}").send();
        send(ada.clone()).await.problem(405, "method-not-allowed");
        app.run_sql(
            "INSERT INTO purged_articles (article_id, was_public, purged_at, purged_by) SELECT id, TRUE, updated_at, created_by FROM articles;
             DELETE FROM articles;",
        )
        .await;
        ada.get(&transitions(&article)).await.problem(410, "gone");
    }
}
