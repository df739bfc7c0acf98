//! The life of an article: every step from everywhere, who may take it, and what happens by itself.

use std::collections::VecDeque;

use actix_web::http::Method;
use chrono::{DateTime, Duration, SecondsFormat, Utc};
use galley::accounts::permissions::Role;
use galley::articles::lifecycle::{ArticleState, Liveness, Standing, Step};
use galley::jobs;
use serde_json::{Value, json};

use crate::on_both_databases;
use crate::support::answer::{Answer, only_fault};
use crate::support::app::TestApp;
use crate::support::client::{Client, Draft, id};

const ARTICLES: &str = "/v1/editorial/articles";
const NOBODY: &str = "00000000-0000-7000-8000-000000000000";

/// Where the newsroom finds an article.
fn desk(article: &Value) -> String {
    format!("{ARTICLES}/{}", id(article))
}

/// Where readers find an article.
fn page(article: &Value) -> String {
    format!("/v1/articles/{}", id(article))
}

async fn change(client: &Client, article: &Value, body: Value) -> Value {
    client.patch(&desk(article), "*", body).await.expect(200).json()
}

async fn send(client: &Client, article: &Value, step: &str, body: Value) -> Answer {
    client.post(&format!("{}/{step}", desk(article)), body).await
}

async fn taken(client: &Client, article: &Value, step: &str) -> Value {
    send(client, article, step, json!({})).await.expect(200).json()
}

/// A time from now, as the API writes it.
fn later(app: &TestApp, by: Duration) -> String {
    written(app.state.clock.now() + by)
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// The request that takes a step.
fn request(app: &TestApp, client: &Client, article: &Value, step: Step) -> Draft {
    let path = |name: &str| format!("{}/{name}", desk(article));
    let post = |name: &str, body: Value| client.request(Method::POST, &path(name)).json(&body);
    match step {
        Step::Edit => client
            .request(Method::PATCH, &desk(article))
            .header("If-Match", "*")
            .json(&json!({"subtitle": later(app, Duration::zero())})),
        Step::Schedule => post("schedule", json!({"publish_at": later(app, Duration::hours(5))})),
        Step::ScheduleEnd => post("schedule", json!({"unpublish_at": later(app, Duration::hours(9))})),
        Step::Purge => client
            .request(Method::DELETE, &format!("{}?purge=true", desk(article)))
            .header("If-Match", "*"),
        other => client.request(Method::POST, &path(other.as_str())),
    }
}

/// Every standing that an article can come to, with the steps that lead there.
fn ways() -> Vec<(Standing, Vec<Step>)> {
    let mut found = vec![(Standing::NEW, Vec::new())];
    let mut queue = VecDeque::from(found.clone());
    while let Some((standing, way)) = queue.pop_front() {
        for step in Step::ALL.into_iter().filter(|step| *step != Step::Purge) {
            let Ok(after) = standing.after(step) else { continue };
            if found.iter().any(|(known, _)| *known == after) {
                continue;
            }
            let further = (after, [way.clone(), vec![step]].concat());
            found.push(further.clone());
            queue.push_back(further);
        }
    }
    found
}

/// A new article that went this way.
async fn led(app: &TestApp, client: &Client, title: &str, way: &[Step]) -> Value {
    let article = client.draft(title).await;
    for step in way {
        app.state.clock.advance(Duration::seconds(1));
        request(app, client, &article, *step).send().await.expect(200);
    }
    app.state.clock.advance(Duration::seconds(1));
    client.get(&desk(&article)).await.expect(200).json()
}

fn names(steps: &[Step]) -> Vec<&'static str> {
    steps.iter().map(|step| step.as_str()).collect()
}

/// The transitions of an article, the newest first: step, states, revision and what made them.
async fn transitions(client: &Client, article: &Value) -> Vec<String> {
    let list = client
        .get(&format!("{}/transitions?limit=100", desk(article)))
        .await
        .expect(200)
        .json();
    let told = |one: &Value| {
        let [step, from, to, by] =
            ["step", "from_state", "to_state", "made_by"].map(|member| one[member].as_str().unwrap());
        format!("{step}: {from} -> {to}, r{} by {by}", one["revision"])
    };
    list["data"].as_array().unwrap().iter().map(told).collect()
}

/// Whether readers see an article: its title, or the status of the refusal.
async fn seen(app: &TestApp, article: &Value) -> String {
    let answer = app.reader().get(&page(article)).await;
    match answer.status {
        200 => answer.json()["title"].as_str().unwrap().to_owned(),
        status => status.to_string(),
    }
}

#[track_caller]
fn assert_stands(article: &Value, standing: Standing) {
    assert_eq!(article["status"], standing.state.as_str(), "{article}");
    let is_live = article.get("published_revision").is_some();
    assert_eq!(is_live, standing.liveness == Liveness::Live, "{article}");
    assert_eq!(article["legal_steps"], json!(names(&standing.legal_steps())));
}

#[track_caller]
fn fault(answer: Answer, status: u16, code: &str, pointer: &str) -> Value {
    let problem = answer.problem(status, code);
    assert_eq!(only_fault(&problem)["pointer"], pointer, "{problem}");
    problem
}

/// Takes one step from one standing, or is refused, as the table says.
async fn try_step(app: &TestApp, ada: &Client, (from, way): (Standing, &[Step]), step: Step) {
    let title = format!("{} {:?} {}", from.state, from.liveness, step.as_str());
    let article = led(app, ada, &title, way).await;
    assert_stands(&article, from);
    let was_public = way.contains(&Step::Publish);
    let send = || request(app, ada, &article, step).key(&title);
    let answer = app.rehearse_and_send(send).await;
    let after = match from.after(step) {
        Err(illegal) => {
            let problem = answer.problem(409, "illegal-transition");
            assert_eq!(problem["current_status"], from.state.as_str(), "{title}");
            assert_eq!(problem["legal_steps"], json!(names(&illegal.legal)), "{title}");
            assert_eq!(ada.get(&desk(&article)).await.json(), article, "{title}");
            return;
        }
        Ok(after) => after,
    };
    let again = send().send().await;
    assert_eq!(
        (again.status, again.header("idempotent-replayed")),
        (answer.status, "true"),
        "{title}"
    );
    assert_eq!(again.body, answer.body, "{title}");
    if step == Step::Purge {
        answer.expect(204);
        ada.get(&desk(&article)).await.problem(410, "gone");
        assert_eq!(
            seen(app, &article).await,
            if was_public { "410" } else { "404" },
            "{title}"
        );
        return;
    }
    let now = answer.expect(200).json();
    assert_stands(&now, after);
    assert_eq!(ada.get(&desk(&article)).await.json(), now, "{title}");
    let is_seen = seen(app, &article).await != "404";
    assert_eq!(is_seen, after.liveness == Liveness::Live, "{title}");
    let recorded = transitions(ada, &article).await;
    let expected = way.iter().filter(|step| **step != Step::Edit).count() + usize::from(step != Step::Edit);
    assert_eq!(recorded.len(), expected, "{title}: {recorded:?}");
    if step != Step::Edit {
        let line = format!("{}: {} -> {}, r", step.as_str(), from.state, after.state);
        assert!(recorded[0].starts_with(&line), "{title}: {recorded:?}");
    }
}

/// The roles of the newsroom, and what becomes of a step that is legal.
async fn refused_to_all_others(app: &TestApp, article: &Value, step: Step) {
    let stranger = app.account(Role::Author).await;
    request(app, &stranger, article, step)
        .send()
        .await
        .problem(404, "not-found");
    for role in [Role::Moderator, Role::Reader] {
        let problem = request(app, &app.account(role).await, article, step)
            .send()
            .await
            .problem(403, "insufficient-scope");
        assert!(
            problem["detail"].as_str().unwrap().contains(step.scope().as_str()),
            "{problem}"
        );
    }
    request(app, &app.reader(), article, step)
        .send()
        .await
        .problem(401, "not-authenticated");
    request(app, &app.bearer("nonsense"), article, step)
        .send()
        .await
        .problem(401, "token-invalid");
}

#[test]
fn the_table_has_every_standing_that_there_is() {
    let ways = ways();
    assert_eq!(ways.len(), 8, "{ways:?}");
    for state in ArticleState::ALL {
        assert!(ways.iter().any(|(standing, _)| standing.state == state), "{state}");
    }
}

on_both_databases! {
    async fn every_step_is_taken_or_refused_from_everywhere(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        for (from, way) in ways() {
            for step in Step::ALL {
                try_step(&app, &ada, (from, &way), step).await;
            }
        }
    }

    async fn a_step_needs_its_scope_and_an_article_within_reach(app: TestApp) {
        let (root, ada) = (app.lasting_account(Role::Administrator).await, app.lasting_account(Role::Editor).await);
        let author = app.lasting_account(Role::Author).await;
        for step in Step::ALL {
            let (_, way) = ways().into_iter().find(|(standing, _)| standing.after(step).is_ok()).unwrap();
            let article = led(&app, &author, step.as_str(), &way).await;
            refused_to_all_others(&app, &article, step).await;
            assert_eq!(author.get(&desk(&article)).await.json(), article);
            for client in [&root, &ada, &author] {
                let answer = app.rehearse(request(&app, client, &article, step)).await;
                assert!(matches!(answer.status, 200 | 204), "{}", answer.text());
            }
            request(&app, &author, &article, step).send().await;
        }
        // The road by DELETE is the same as the one by …/trash.
        let article = ada.draft("Ships").await;
        author.delete(&desk(&article), "*").await.problem(404, "not-found");
        app.account(Role::Moderator).await.delete(&desk(&article), "*").await.problem(403, "insufficient-scope");
        ada.request(Method::DELETE, &desk(&article)).send().await.problem(428, "precondition-required");
        ada.delete(&desk(&article), "\"r9\"").await.problem(412, "precondition-failed");
        ada.delete(&format!("{}?purge=true", desk(&article)), "*").await.problem(409, "illegal-transition");
        ada.delete(&desk(&article), "\"r1\"").await.expect(204);
        ada.delete(&desk(&article), "*").await.problem(409, "illegal-transition");
        assert_eq!(transitions(&ada, &article).await, ["trash: draft -> trashed, r1 by request"]);
    }

    async fn what_a_request_for_a_step_is_told_first(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        let article = ada.draft("Ships").await;
        let steps = ["submit", "request-changes", "schedule", "unschedule", "publish", "unpublish", "discard-changes",
            "archive", "trash", "restore", "assign"];
        for step in steps {
            let at = |article: &str| ada.request(Method::POST, &format!("{ARTICLES}/{article}/{step}"));
            let wrong = json!({"nonsense": 1});
            at(NOBODY).json(&wrong).send().await.problem(404, "not-found");
            at(NOBODY).body("application/json", "{").send().await.problem(404, "not-found");
            let stale = at(id(&article)).header("If-Match", "\"r9\"");
            let problem = stale.json(&wrong).send().await.problem(412, "precondition-failed");
            assert_eq!(problem["current_revision"], 1);
            let problem = at(id(&article)).json(&wrong).send().await.problem(422, "validation-failed");
            assert!(problem["errors"].as_array().unwrap().iter().any(|fault| fault["pointer"] == "#/nonsense"), "{problem}");
            at(id(&article)).body("application/json", "{").send().await.problem(400, "malformed-json");
            at(id(&article)).body("text/plain", "x").send().await.problem(415, "unsupported-media-type");
            at(id(&article)).with_parameter("x=1").send().await.problem(400, "unknown-parameter");
        }
        assert_eq!(ada.get(&desk(&article)).await.json(), article);
        // A step that names a stale revision is told what changed since.
        change(&ada, &article, json!({"title": "Boats"})).await;
        let stale = ada.request(Method::POST, &format!("{}/publish", desk(&article))).header("If-Match", "\"r1\"");
        let problem = stale.send().await.problem(412, "precondition-failed");
        assert_eq!((&problem["changed_fields"], &problem["current_revision"]), (&json!(["title"]), &json!(2)));
        assert_eq!(seen(&app, &article).await, "404");
        let current = ada.request(Method::POST, &format!("{}/publish", desk(&article))).header("If-Match", "\"r2\"");
        current.send().await.expect(200);
    }

    async fn an_article_goes_to_an_editor_and_back_with_notes(app: TestApp) {
        let ada_id = app.create_account("ada@galley.example", Role::Editor).await;
        let ada = app.bearer(&app.token(&app.claims(ada_id, Role::Editor)));
        let grace = app.account(Role::Author).await;
        let article = grace.draft("Ships").await;
        let submit = || grace.request(Method::POST, &format!("{}/submit", desk(&article))).key("submit")
            .json(&json!({"note": "All names\nare checked.", "assignee_id": ada_id}));
        let handed_in = app.rehearse_and_send(submit).await.expect(200).json();
        assert_eq!((&handed_in["status"], &handed_in["assignee_id"]), (&json!("in_review"), &json!(ada_id)));
        assert_eq!(handed_in["revision"], 1, "a step is no change of the content");
        let list = ada.get(&format!("{ARTICLES}?assignee={ada_id}")).await.expect(200).json();
        assert_eq!(list["data"][0]["id"], article["id"]);
        assert_eq!(list["data"][0]["status"], "in_review");
        assert_eq!(ada.get(&format!("{ARTICLES}?status=in_review")).await.json()["data"], list["data"]);

        app.state.clock.advance(Duration::minutes(1));
        send(&ada, &article, "request-changes", json!({"note": "The second figure?"})).await.expect(200);
        app.state.clock.advance(Duration::minutes(1));
        // Handed in again without an account, it goes to the one from before.
        let again = send(&grace, &article, "submit", json!({})).await.expect(200).json();
        assert_eq!(again["assignee_id"], json!(ada_id));
        let told = ada.get(&format!("{}/transitions", desk(&article))).await.json();
        insta::assert_json_snapshot!("review", told["data"], {"[].id" => "ID"});
        assert_eq!(seen(&app, &article).await, "404");
        let text = app.reader().get("/v1/articles").await.text();
        assert!(!text.contains("figure"), "{text}");

        for note in [json!(""), json!(" "), json!("x".repeat(2_001)), json!("a\u{0}b"), json!(["x"])] {
            for step in ["submit", "request-changes", "publish", "schedule", "archive", "trash"] {
                fault(send(&grace, &article, step, json!({"note": note})).await, 422, "validation-failed", "#/note");
            }
        }
        send(&ada, &article, "publish", json!({"note": "é".repeat(2_000)})).await.expect(200);
    }

    async fn an_article_is_assigned_to_people_of_the_newsroom(app: TestApp) {
        let (ada, grace) = (app.lasting_account(Role::Editor).await, app.account(Role::Author).await);
        let article = grace.draft("Ships").await;
        let member = app.create_account("member@galley.example", Role::Reader).await;
        let writer = app.create_account("writer@galley.example", Role::Author).await;
        let assign = |body: Value| ada.request(Method::POST, &format!("{}/assign", desk(&article))).key("assign").json(&body);
        let assigned = app.rehearse_and_send(|| assign(json!({"assignee_id": writer}))).await.expect(200).json();
        assert_eq!((&assigned["assignee_id"], &assigned["status"]), (&json!(writer), &json!("draft")));
        assert_eq!(assign(json!({"assignee_id": writer})).send().await.header("idempotent-replayed"), "true");
        for account in [json!(NOBODY), json!(member)] {
            let before = app.database_digest().await;
            for step in ["assign", "submit"] {
                fault(send(&ada, &article, step, json!({"assignee_id": account})).await, 409, "reference-unknown", "#/assignee_id");
            }
            assert_eq!(app.database_digest().await, before);
        }
        fault(send(&ada, &article, "assign", json!({})).await, 422, "validation-failed", "#/assignee_id");
        fault(send(&ada, &article, "assign", json!({"assignee_id": "ada"})).await, 422, "validation-failed", "#/assignee_id");
        fault(send(&grace, &article, "assign", json!({"assignee_id": null})).await, 403, "field-forbidden", "#/assignee_id");
        let nobody = send(&ada, &article, "assign", json!({"assignee_id": null})).await.expect(200).json();
        assert_eq!(nobody.get("assignee_id"), None);
        assert_eq!(transitions(&ada, &article).await, [""; 0], "it is no step");
        app.account(Role::Author).await.post(&format!("{}/assign", desk(&article)), json!({"assignee_id": null})).await.problem(404, "not-found");
        app.account(Role::Moderator).await.post(&format!("{}/assign", desk(&article)), json!({"assignee_id": null})).await.problem(403, "insufficient-scope");
        let stale = ada.request(Method::POST, &format!("{}/assign", desk(&article))).header("If-Match", "\"r7\"");
        stale.json(&json!({"assignee_id": null})).send().await.problem(412, "precondition-failed");
        taken(&ada, &article, "archive").await;
        send(&ada, &article, "assign", json!({"assignee_id": writer})).await.problem(409, "illegal-transition");
    }

    async fn a_schedule_has_its_times_in_order(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        let article = ada.draft("Ships").await;
        let schedule = async |body: Value| send(&ada, &article, "schedule", body).await;
        let (now, past) = (later(&app, Duration::zero()), later(&app, Duration::seconds(-1)));
        let (soon, then) = (later(&app, Duration::seconds(1)), later(&app, Duration::hours(1)));
        for (body, pointer) in [
            (json!({}), "#/publish_at"),
            (json!({"publish_at": past}), "#/publish_at"),
            (json!({"publish_at": now}), "#/publish_at"),
            (json!({"publish_at": past, "unpublish_at": then}), "#/publish_at"),
            (json!({"publish_at": then, "unpublish_at": soon}), "#/unpublish_at"),
            (json!({"publish_at": then, "unpublish_at": then}), "#/unpublish_at"),
            (json!({"publish_at": then, "unpublish_at": past}), "#/unpublish_at"),
            (json!({"publish_at": "tomorrow"}), "#/publish_at"),
            (json!({"publish_at": 1_772_366_400}), "#/publish_at"),
            (json!({"publish_at": then, "force": "yes"}), "#/force"),
        ] {
            fault(schedule(body).await, 422, "validation-failed", pointer);
        }
        schedule(json!({"unpublish_at": then})).await.problem(409, "illegal-transition");
        assert_eq!(ada.get(&desk(&article)).await.json(), article);
        let request = || ada.request(Method::POST, &format!("{}/schedule", desk(&article))).key("plan")
            .json(&json!({"publish_at": soon, "unpublish_at": then}));
        let planned = app.rehearse_and_send(request).await.expect(200).json();
        assert_eq!((&planned["status"], &planned["has_unpublished_changes"]), (&json!("scheduled"), &json!(false)));
        let expected = json!({"revision": 1, "publish_at": soon, "unpublish_at": then, "set_at": now, "set_by": article["created_by"]});
        assert_eq!(planned["schedule"], expected);

        // An end can be added, moved and refused by itself; what is left out stays.
        let end = later(&app, Duration::hours(3));
        let ended = schedule(json!({"unpublish_at": end})).await.expect(200).json();
        assert_eq!((&ended["schedule"]["publish_at"], &ended["schedule"]["unpublish_at"]), (&json!(soon), &json!(end)));
        fault(schedule(json!({"unpublish_at": soon})).await, 422, "validation-failed", "#/unpublish_at");
        fault(schedule(json!({"publish_at": later(&app, Duration::hours(4))})).await, 422, "validation-failed", "#/unpublish_at");
        change(&ada, &article, json!({"title": "Boats"})).await;
        let moved = schedule(json!({"publish_at": later(&app, Duration::hours(2))})).await.expect(200).json();
        assert_eq!((&moved["schedule"]["revision"], &moved["schedule"]["unpublish_at"]), (&json!(2), &json!(end)));
        let free = taken(&ada, &article, "unschedule").await;
        assert_eq!((&free["status"], free.get("schedule")), (&json!("draft"), None));
        app.state.clock.advance(Duration::hours(4));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        assert_eq!(seen(&app, &article).await, "404");
    }

    async fn a_scheduled_article_is_shown_to_the_second_as_it_was_when_it_was_scheduled(app: TestApp) {
        let (ada, reader) = (app.lasting_account(Role::Editor).await, app.reader());
        let article = ada.draft("Ships").await;
        let (start, end) = (app.state.clock.now() + Duration::hours(1), app.state.clock.now() + Duration::hours(2));
        let plan = json!({"publish_at": written(start), "unpublish_at": written(end), "note": "For the evening."});
        send(&ada, &article, "schedule", plan).await.expect(200);
        let edit = json!({"title": "Boats", "slug": "boats", "body_markdown": "Other.", "tags": ["New"], "authors": [{"name": "Somebody"}]});
        let edited = change(&ada, &article, edit).await;
        assert_eq!((&edited["status"], &edited["schedule"]["revision"]), (&json!("scheduled"), &json!(1)));
        fault(ada.post(ARTICLES, json!({"title": "Ships", "body_markdown": "x"})).await, 409, "slug-taken", "#/slug");

        app.state.clock.advance(Duration::hours(1) - Duration::seconds(1));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        assert_eq!(seen(&app, &article).await, "404");
        reader.get("/v1/articles/by-slug/ships").await.problem(404, "not-found");
        app.state.clock.advance(Duration::seconds(1));
        assert_eq!(seen(&app, &article).await, "404", "it is the job that shows it");
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        let shown = reader.get("/v1/articles/by-slug/ships").await.expect(200).json();
        insta::assert_json_snapshot!("scheduled_public", shown);
        let kept = ada.get(&desk(&article)).await.json();
        assert_eq!((&kept["status"], &kept["title"], &kept["has_unpublished_changes"]), (&json!("published"), &json!("Boats"), &json!(true)));
        assert_eq!((&kept["published_revision"], &kept["revision"]), (&json!(1), &json!(2)));
        assert_eq!(kept["schedule"]["unpublish_at"], written(end));
        assert_eq!((kept["schedule"].get("publish_at"), kept["schedule"].get("revision")), (None, None));
        assert_eq!(kept["updated_at"], edited["updated_at"], "the job writes nothing");

        app.state.clock.advance(Duration::hours(1) - Duration::seconds(1));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        assert_eq!(seen(&app, &article).await, "Ships");
        app.state.clock.advance(Duration::seconds(1));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        assert_eq!(seen(&app, &article).await, "404");
        let ended = ada.get(&desk(&article)).await.json();
        assert_eq!((&ended["status"], ended.get("schedule"), ended.get("published_revision")), (&json!("draft"), None, None));
        let told = ada.get(&format!("{}/transitions", desk(&article))).await.json();
        insta::assert_json_snapshot!("scheduled_transitions", told["data"], {"[].id" => "ID"});
    }

    async fn what_came_due_while_the_server_was_down_is_made_up_for_once(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        let (both, start) = (ada.draft("Both").await, ada.draft("Start").await);
        let plan = json!({"publish_at": later(&app, Duration::hours(1)), "unpublish_at": later(&app, Duration::hours(2))});
        let (opened, closed) = (plan["publish_at"].clone(), plan["unpublish_at"].clone());
        send(&ada, &both, "schedule", plan).await.expect(200);
        send(&ada, &start, "schedule", json!({"publish_at": opened, "unpublish_at": later(&app, Duration::hours(9))})).await.expect(200);
        let end = ada.published("End").await;
        send(&ada, &end, "schedule", json!({"unpublish_at": closed})).await.expect(200);
        app.state.clock.advance(Duration::hours(3));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 4);
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        assert_eq!([seen(&app, &both).await, seen(&app, &start).await, seen(&app, &end).await], ["404", "Start", "404"]);
        assert_eq!(
            transitions(&ada, &both).await,
            ["unpublish: published -> draft, r1 by schedule", "publish: scheduled -> published, r1 by schedule",
                "schedule: draft -> scheduled, r1 by request"]
        );
        let shown = app.reader().get(&page(&start)).await.json();
        assert_eq!((&shown["published_at"], &shown["updated_at"]), (&opened, &opened), "dated as it was planned");
        // The slug of what readers never got to see is free again for all that.
        let both = ada.get(&desk(&both)).await.json();
        assert_eq!(both["status"], "draft");
        ada.delete(&desk(&both), "*").await.expect(204);
        ada.delete(&format!("{}?purge=true", desk(&both)), "*").await.expect(204);
    }

    async fn two_instances_carry_out_each_schedule_once(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        let mut articles = Vec::new();
        for number in 0..30 {
            let article = ada.draft(&format!("Number {number}")).await;
            let plan = json!({"publish_at": later(&app, Duration::hours(1)), "unpublish_at": later(&app, Duration::hours(2))});
            send(&ada, &article, "schedule", plan).await.expect(200);
            articles.push(article);
        }
        let other = app.another_instance().await;
        for (steps, expected) in [(30, "200"), (30, "404")] {
            app.state.clock.advance(Duration::hours(1));
            let (first, second) = tokio::join!(jobs::run_due(&app.state), jobs::run_due(&other));
            assert_eq!(first.unwrap() + second.unwrap(), steps);
            for article in &articles {
                assert_eq!(app.reader().get(&page(article)).await.status.to_string(), expected);
            }
        }
        for article in &articles {
            let told = transitions(&ada, article).await;
            assert_eq!(told.len(), 3, "{told:?}");
        }
        assert_eq!(jobs::run_due(&other).await.unwrap(), 0);
    }

    async fn what_is_planned_is_given_up_or_kept_with_what_is_done_by_hand(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        let article = ada.published("Ships").await;
        let plan = json!({"publish_at": later(&app, Duration::hours(1)), "unpublish_at": later(&app, Duration::hours(2))});
        change(&ada, &article, json!({"title": "Boats"})).await;
        let planned = send(&ada, &article, "schedule", plan.clone()).await.expect(200).json();
        assert_eq!((&planned["status"], &planned["published_revision"]), (&json!("scheduled"), &json!(1)));
        assert_eq!(seen(&app, &article).await, "Ships");
        // Taken away now, it still comes back when it was planned, and goes when it was planned.
        let hidden = taken(&ada, &article, "unpublish").await;
        assert_eq!((&hidden["status"], &hidden["schedule"]), (&json!("scheduled"), &planned["schedule"]));
        app.state.clock.advance(Duration::hours(1));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        assert_eq!(seen(&app, &article).await, "Boats");
        app.state.clock.advance(Duration::hours(1));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        assert_eq!(seen(&app, &article).await, "404");

        // Published by hand, the later publication is done with, and the end stays.
        let plan = json!({"publish_at": later(&app, Duration::hours(1)), "unpublish_at": later(&app, Duration::hours(2))});
        send(&ada, &article, "schedule", plan.clone()).await.expect(200);
        let shown = taken(&ada, &article, "publish").await;
        assert_eq!((&shown["status"], shown["schedule"].get("publish_at")), (&json!("published"), None));
        assert_eq!(shown["schedule"]["unpublish_at"], plan["unpublish_at"]);
        let free = taken(&ada, &article, "unschedule").await;
        assert_eq!((&free["status"], free.get("schedule")), (&json!("published"), None));
        // Whatever takes an article out of sight calls off what was planned.
        for step in ["archive", "trash"] {
            let plan = json!({"publish_at": later(&app, Duration::hours(1)), "unpublish_at": later(&app, Duration::hours(2))});
            send(&ada, &article, "schedule", plan).await.expect(200);
            assert_eq!(taken(&ada, &article, step).await.get("schedule"), None);
            taken(&ada, &article, "restore").await;
        }
        // Taken away by hand, an end has nothing to end.
        taken(&ada, &article, "publish").await;
        send(&ada, &article, "schedule", json!({"unpublish_at": later(&app, Duration::hours(1))})).await.expect(200);
        assert_eq!(taken(&ada, &article, "unpublish").await.get("schedule"), None);
        app.state.clock.advance(Duration::hours(3));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
    }

    async fn changes_of_a_live_article_are_seen_when_it_is_published_again(app: TestApp) {
        let (ada, reader) = (app.lasting_account(Role::Editor).await, app.reader());
        let body = json!({"title": "Ships", "body_markdown": "Old.", "tags": ["Old"], "authors": [{"name": "Ada Lovelace"}], "status": "published"});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let answer = reader.get(&page(&article)).await.expect(200);
        app.state.clock.advance(Duration::minutes(5));
        let edit = json!({"title": "Boats", "slug": "boats", "body_markdown": "New.", "tags": ["New"], "authors": [{"name": "Grace Hopper"}],
            "excerpt": "Short.", "byline": "By us", "custom": {"a": 1}, "lang": "en"});
        let edited = change(&ada, &article, edit).await;
        assert_eq!((&edited["status"], &edited["has_unpublished_changes"]), (&json!("published"), &json!(true)));
        let same = reader.get(&page(&article)).await.expect(200);
        assert_eq!((same.text(), same.header("etag")), (answer.text(), answer.header("etag")));
        reader.get("/v1/articles/by-slug/boats").await.problem(404, "not-found");
        for (path, status) in [("tags/by-slug/new", 404), ("tags/by-slug/old", 200), ("authors/by-slug/grace-hopper", 404)] {
            reader.get(&format!("/v1/{path}")).await.expect(status);
        }
        assert_eq!(reader.get("/v1/articles?tag=new").await.json()["data"], json!([]));
        assert_eq!(reader.get("/v1/articles?author=ada-lovelace").await.json()["data"][0]["title"], "Ships");
        // In review again, it is seen as before.
        taken(&ada, &article, "submit").await;
        assert_eq!(reader.get(&page(&article)).await.text(), answer.text());
        let shown = taken(&ada, &article, "publish").await;
        assert_eq!(shown["has_unpublished_changes"], false);
        let new = reader.get(&page(&article)).await.expect(200).json();
        assert_eq!((&new["title"], &new["slug"], &new["body_html"]), (&json!("Boats"), &json!("boats"), &json!("<p>New.</p>")));
        assert_eq!((&new["published_at"], &new["updated_at"]), (&json!("2026-03-01T12:00:00.000Z"), &json!("2026-03-01T12:05:00.000Z")));
        assert_eq!((&new["tags"][0]["name"], &new["authors"][0]["name"]), (&json!("New"), &json!("Grace Hopper")));
        let moved = reader.get("/v1/articles/by-slug/ships").await.expect(308);
        assert_eq!(moved.header("location"), "https://galley.example/v1/articles/by-slug/boats");
        assert_eq!(reader.get("/v1/articles?author=ada-lovelace").await.json()["data"], json!([]));
    }

    async fn changes_are_discarded_and_with_them_what_is_planned(app: TestApp) {
        let (ada, reader) = (app.lasting_account(Role::Editor).await, app.reader());
        ada.post("/v1/editorial/sections", json!({"name": "News"})).await.expect(201);
        let body = json!({"title": "Ships", "body_markdown": "Old.", "tags": ["Old"], "section": "news", "authors": [{"name": "Ada Lovelace", "role": "editor"}],
            "custom": {"a": 1}, "cover": {"url": "https://example.org/a.jpg", "alt": "x"}, "lang": "en", "status": "published"});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        let shown = reader.get(&page(&article)).await.json();
        app.state.clock.advance(Duration::minutes(5));
        let edit = json!({"title": "Boats", "slug": "boats", "body_markdown": "New.", "tags": [], "section": null, "authors": [],
            "custom": null, "cover": null, "lang": null, "published_at": "2020-01-01T00:00:00Z"});
        change(&ada, &article, edit).await;
        let plan = json!({"publish_at": later(&app, Duration::hours(1)), "unpublish_at": later(&app, Duration::hours(2))});
        send(&ada, &article, "schedule", plan).await.expect(200);
        let discard = || ada.request(Method::POST, &format!("{}/discard-changes", desk(&article))).key("discard");
        let discarded = app.rehearse_and_send(discard).await.expect(200).json();
        let again = discard().send().await.expect(200);
        assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", discarded.clone()));
        let as_before = |article: &Value| {
            let mut article = article.clone();
            for member in ["revision", "published_revision", "updated_at"] {
                article.as_object_mut().unwrap().remove(member);
            }
            article
        };
        assert_eq!(as_before(&discarded), as_before(&article));
        assert_eq!((&discarded["revision"], &discarded["published_revision"]), (&json!(3), &json!(3)));
        let same = reader.get(&page(&article)).await.json();
        assert_eq!((same["revision"].clone(), as_before(&same)), (json!(3), as_before(&shown)));
        // The slug that nobody saw is free, and what was changed stays in the history.
        ada.post(ARTICLES, json!({"title": "Boats", "body_markdown": "x"})).await.expect(201);
        let history = ada.get(&format!("{}/revisions", desk(&article))).await.json();
        let kinds: Vec<&str> = history["data"].as_array().unwrap().iter().map(|one| one["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, ["discard", "save", "save"]);
        app.state.clock.advance(Duration::hours(3));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 0);
        // The date is that of the first publication, as before.
        taken(&ada, &article, "publish").await;
        assert_eq!(reader.get(&page(&article)).await.json()["published_at"], shown["published_at"]);
        // Nothing to discard is no new revision.
        assert_eq!(taken(&ada, &article, "discard-changes").await["revision"], 3);
    }

    async fn a_date_counts_from_the_publication_it_belongs_to(app: TestApp) {
        let (ada, reader) = (app.lasting_account(Role::Editor).await, app.reader());
        let article = ada.draft("Ships").await;
        let start = later(&app, Duration::hours(1));
        send(&ada, &article, "schedule", json!({"publish_at": start})).await.expect(200);
        let dated = change(&ada, &article, json!({"published_at": "2020-01-01T00:00:00.000Z"})).await;
        assert_eq!(dated["published_at"], "2020-01-01T00:00:00.000Z");
        app.state.clock.advance(Duration::hours(1));
        jobs::run_due(&app.state).await.unwrap();
        assert_eq!(reader.get(&page(&article)).await.json()["published_at"], json!(start));
        assert_eq!(ada.get(&desk(&article)).await.json()["published_at"], "2020-01-01T00:00:00.000Z");
        taken(&ada, &article, "publish").await;
        assert_eq!(reader.get(&page(&article)).await.json()["published_at"], "2020-01-01T00:00:00.000Z");
        assert_eq!(reader.get("/v1/articles").await.json()["data"][0]["published_at"], "2020-01-01T00:00:00.000Z");
    }

    async fn an_article_is_archived_thrown_away_and_had_back(app: TestApp) {
        let (ada, reader) = (app.lasting_account(Role::Editor).await, app.reader());
        let article = ada.published("Ships").await;
        ada.comment(&article, None, "I was there.").await.expect(201);
        let archived = taken(&ada, &article, "archive").await;
        assert_eq!((&archived["status"], archived.get("published_revision")), (&json!("archived"), None));
        assert_eq!(seen(&app, &article).await, "404");
        reader.get("/v1/articles/by-slug/ships").await.problem(404, "not-found");
        assert_eq!(reader.get("/v1/articles").await.json()["data"], json!([]));
        ada.patch(&desk(&article), "*", json!({"title": "x"})).await.problem(409, "illegal-transition");
        ada.put(&desk(&article), "*", json!({"title": "x", "body_markdown": "x"})).await.problem(409, "illegal-transition");
        ada.put(&format!("{ARTICLES}/by-slug/ships"), "*", json!({"title": "x", "body_markdown": "x"})).await.problem(409, "illegal-transition");
        let drafted = taken(&ada, &article, "restore").await;
        assert_eq!((&drafted["status"], &drafted["title"], &drafted["revision"]), (&json!("draft"), &json!("Ships"), &json!(1)));
        assert_eq!(seen(&app, &article).await, "404", "it waits to be published");
        taken(&ada, &article, "publish").await;
        let shown = reader.get(&page(&article)).await.expect(200).json();
        assert_eq!((&shown["published_at"], &shown["comments"]["approved_count"]), (&article["published_at"], &json!(1)));

        taken(&ada, &article, "trash").await;
        let listed = async |query: &str| ada.get(&format!("{ARTICLES}{query}")).await.json()["data"].as_array().unwrap().len();
        assert_eq!([listed("").await, listed("?status=trashed").await, listed("?status=archived").await], [0, 1, 0]);
        fault(ada.post(ARTICLES, json!({"title": "Ships", "body_markdown": "x"})).await, 409, "slug-taken", "#/slug");
        taken(&ada, &article, "restore").await;
        ada.delete(&desk(&article), "*").await.expect(204);
        let purge = || ada.request(Method::DELETE, &format!("{}?purge=true", desk(&article))).header("If-Match", "\"r1\"").key("purge");
        ada.delete(&format!("{}?purge=true", desk(&article)), "\"r2\"").await.problem(412, "precondition-failed");
        app.rehearse_and_send(purge).await.expect(204);
        assert_eq!(purge().send().await.expect(204).header("idempotent-replayed"), "true");
        let problem = reader.get(&page(&article)).await.problem(410, "gone");
        assert!(problem["detail"].as_str().unwrap().contains("2026-03-01T12:00:00.000Z"), "{problem}");
        reader.get("/v1/articles/by-slug/ships").await.problem(404, "not-found");
        for path in ["", "/preflight", "/transitions", "/revisions", "/notes"] {
            ada.get(&format!("{}{path}", desk(&article))).await.problem(410, "gone");
        }
        for step in Step::ALL {
            request(&app, &ada, &article, step).send().await.problem(410, "gone");
        }
        ada.published("Ships").await;
        // One that readers never saw leaves no trace for them.
        let draft = ada.draft("Gulls").await;
        ada.delete(&desk(&draft), "*").await.expect(204);
        ada.delete(&format!("{}?purge=true", desk(&draft)), "*").await.expect(204);
        reader.get(&page(&draft)).await.problem(404, "not-found");
        ada.get(&desk(&draft)).await.problem(410, "gone");
    }

    async fn what_readers_saw_is_gone_also_when_others_have_its_slug(app: TestApp) {
        let (ada, reader) = (app.lasting_account(Role::Editor).await, app.reader());
        let article = ada.published("Ships").await;
        taken(&ada, &article, "unpublish").await;
        change(&ada, &article, json!({"slug": "boats"})).await;
        ada.published("Ships").await;
        ada.delete(&desk(&article), "*").await.expect(204);
        ada.delete(&format!("{}?purge=true", desk(&article)), "*").await.expect(204);
        reader.get(&page(&article)).await.problem(410, "gone");
        reader.get("/v1/articles/by-slug/ships").await.expect(200);
    }

    async fn what_an_article_names_cannot_be_removed(app: TestApp) {
        let ada = app.lasting_account(Role::Editor).await;
        let made = async |noun: &str, body: Value| ada.post(&format!("/v1/editorial/{noun}"), body).await.expect(201).json();
        let things = [
            ("sections", "section-in-use", made("sections", json!({"name": "News"})).await),
            ("series", "series-in-use", made("series", json!({"title": "At sea"})).await),
            ("authors", "author-in-use", made("authors", json!({"name": "Ada Lovelace"})).await),
            ("tags", "tag-in-use", made("tags", json!({"name": "Ships"})).await),
        ];
        let refused = async || {
            for (noun, code, thing) in &things {
                let path = format!("/v1/editorial/{noun}/{}", id(thing));
                app.rehearse_and_send(|| ada.request(Method::DELETE, &path).header("If-Match", "*")).await.problem(409, code);
                ada.get(&path).await.expect(200);
            }
        };
        let body = json!({"title": "Ships", "body_markdown": "x", "section": "news", "series": {"slug": "at-sea", "position": 1},
            "authors": [{"slug": "ada-lovelace"}], "tags": ["Ships"]});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        refused().await;
        taken(&ada, &article, "publish").await;
        refused().await;
        // What readers see counts, whatever the working copy says.
        change(&ada, &article, json!({"section": null, "series": null, "authors": [], "tags": []})).await;
        refused().await;
        taken(&ada, &article, "discard-changes").await;
        taken(&ada, &article, "unpublish").await;
        refused().await;
        ada.delete(&desk(&article), "*").await.expect(204);
        refused().await;
        taken(&ada, &article, "restore").await;
        // What a plan says and nothing else is left out when it comes due.
        send(&ada, &article, "schedule", json!({"publish_at": later(&app, Duration::hours(1))})).await.expect(200);
        change(&ada, &article, json!({"section": null, "series": null, "authors": [], "tags": []})).await;
        for (noun, _, thing) in &things {
            ada.delete(&format!("/v1/editorial/{noun}/{}", id(thing)), "*").await.expect(204);
        }
        app.state.clock.advance(Duration::hours(1));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        let shown = app.reader().get(&page(&article)).await.expect(200).json();
        assert_eq!((shown.get("section"), shown.get("series")), (None, None));
        assert_eq!((&shown["authors"], &shown["tags"]), (&json!([]), &json!([])));
    }

    async fn a_revision_that_is_planned_is_kept_and_published_with_the_tags_of_today(app: TestApp) {
        let (root, ada, reader) = (app.lasting_account(Role::Administrator).await, app.lasting_account(Role::Editor).await, app.reader());
        root.patch("/v1/editorial/settings", "*", json!({"revisions_kept": 10})).await.expect(200);
        let body = json!({"title": "Ships", "body_markdown": "First.", "tags": ["JS"]});
        let article = ada.post(ARTICLES, body).await.expect(201).json();
        ada.post("/v1/editorial/tags", json!({"name": "JavaScript"})).await.expect(201);
        send(&ada, &article, "schedule", json!({"publish_at": later(&app, Duration::hours(1))})).await.expect(200);
        for number in 0..15 {
            change(&ada, &article, json!({"title": format!("Ships {number}"), "tags": []})).await;
        }
        let path = format!("/v1/editorial/tags/{}/merge", id(&article["tags"][0]));
        ada.post(&path, json!({"into": "javascript"})).await.expect(200);
        app.state.clock.advance(Duration::hours(1));
        assert_eq!(jobs::run_due(&app.state).await.unwrap(), 1);
        let shown = reader.get(&page(&article)).await.expect(200).json();
        assert_eq!((&shown["title"], &shown["tags"][0]["name"]), (&json!("Ships"), &json!("JavaScript")));
        assert_eq!(reader.get("/v1/articles?tag=js").await.json()["data"][0]["title"], "Ships");
        let discarded = taken(&ada, &article, "discard-changes").await;
        assert_eq!((&discarded["title"], &discarded["has_unpublished_changes"]), (&json!("Ships"), &json!(false)));
    }
}
