//! The doctor: it finds what was changed behind the back of the program, and nothing where nothing was.

use chrono::Duration;
use galley::audit::action::Action;
use galley::audit::entry::Act;
use galley::audit::origin::Origin;
use galley::database::failure::Failure;
use galley::doctor::checks::examine;
use galley::doctor::report::{Check, CheckReport, CheckState, NotedHead, Report};
use galley::jobs::Job;
use galley::write_unit;
use uuid::Uuid;

use crate::on_both_databases;
use crate::support::app::TestApp;

/// Lets the statements through that the database itself refuses.
const UNLOCK_SQLITE: &str = "DROP TRIGGER audit_entries_stay; DROP TRIGGER audit_entries_do_not_change;";
const UNLOCK_POSTGRES: &str =
    "DROP TRIGGER audit_entries_stay ON audit_entries; DROP TRIGGER audit_entries_do_not_change ON audit_entries;";

async fn unlock(app: &TestApp) {
    app.run_sql(match app.state.database.kind() {
        "postgres" => UNLOCK_POSTGRES,
        _ => UNLOCK_SQLITE,
    })
    .await;
}

async fn look(app: &TestApp, noted: Option<&NotedHead>) -> Report {
    let before = app.database_digest().await;
    let report = examine(&app.state.settings, &app.state.database, noted, app.state.clock.now())
        .await
        .unwrap();
    assert_eq!(app.database_digest().await, before, "the doctor only reads");
    report
}

/// The one check that failed, and what it found.
#[track_caller]
fn only_failure(report: &Report) -> (Check, &[String]) {
    let failed: Vec<&CheckReport> = report
        .checks
        .iter()
        .filter(|check| check.state == CheckState::Failed)
        .collect();
    assert!(!report.healthy);
    match failed.as_slice() {
        [only] => (only.check, &only.findings),
        _ => panic!("{report}"),
    }
}

/// Five chained entries, more than one batch of the chain apart from the rest.
async fn chained(app: &TestApp) {
    let ada = app.editor().await;
    for title in ["One", "Two", "Three", "Four", "Five"] {
        ada.draft(title).await;
        Job::ChainAuditLog.run(&app.state).await.unwrap();
    }
}

on_both_databases! {
    async fn a_sound_installation_passes_every_check(app: TestApp) {
        let report = look(&app, None).await;
        assert!(report.healthy, "{report}");
        assert_eq!(report.audit_head, None);
        let ada = app.editor().await;
        let article = ada.published("Ships").await;
        let first = ada.comment(&article, None, "First").await.expect(201).json();
        let second = ada.comment(&article, Some(&first), "Second").await.expect(201).json();
        ada.comment(&article, Some(&second), "Third").await.expect(201);
        let rejected = format!("/v1/editorial/comments/{}", second["id"].as_str().unwrap());
        ada.patch(&rejected, "*", serde_json::json!({"state": "rejected"})).await.expect(200);
        ada.draft("Gulls").await;
        Job::ChainAuditLog.run(&app.state).await.unwrap();
        let report = look(&app, None).await;
        assert!(report.healthy, "{report}");
        assert_eq!(report.audit_head.unwrap().0.sequence, 4);
        let names: Vec<&str> = report.checks.iter().map(|check| check.check.as_str()).collect();
        assert_eq!(names, ["migrations", "integrity", "audit-chain", "audit-backlog", "comment-counters", "comment-votes", "comment-revisions", "thread-states", "snapshots", "mail", "key-files"]);
    }

    async fn an_entry_that_was_changed_is_named(app: TestApp) {
        chained(&app).await;
        unlock(&app).await;
        app.run_sql("UPDATE audit_entries SET subject_label = 'gulls' WHERE sequence = 3").await;
        let report = look(&app, None).await;
        let (check, findings) = only_failure(&report);
        assert_eq!((check, findings.len()), (Check::AuditChain, 1));
        assert!(findings[0].starts_with("entry 3 (") && findings[0].contains("was changed"), "{findings:?}");
        assert_eq!(report.audit_head, None);
    }

    async fn entries_that_were_removed_are_named(app: TestApp) {
        chained(&app).await;
        unlock(&app).await;
        app.run_sql("DELETE FROM audit_entries WHERE sequence IN (2, 3)").await;
        assert_eq!(only_failure(&look(&app, None).await), (Check::AuditChain, &["the entries 2 to 3 are missing".to_owned()][..]));
        app.run_sql("DELETE FROM audit_entries").await;
        assert_eq!(only_failure(&look(&app, None).await), (Check::AuditChain, &["the entries 1 to 5 are missing".to_owned()][..]));
    }

    async fn an_end_that_was_moved_is_found(app: TestApp) {
        chained(&app).await;
        let noted = look(&app, None).await.audit_head.unwrap();
        app.run_sql("UPDATE audit_chain SET hash = 'x'").await;
        let moved = only_failure(&look(&app, None).await).1.concat();
        assert!(moved.contains("the end of the chain was changed: the hash noted at 5"), "{moved}");
        app.run_sql("UPDATE audit_chain SET sequence = 4, hash = (SELECT hash FROM audit_entries WHERE sequence = 4)").await;
        let extra = only_failure(&look(&app, None).await).1.concat();
        assert!(extra.starts_with("entry 5 stands behind the end of the chain"), "{extra}");
        // Whoever removes the last entries and sets the end back leaves a chain that is whole, but for what somebody noted.
        unlock(&app).await;
        app.run_sql("DELETE FROM audit_entries WHERE sequence = 5").await;
        assert!(look(&app, None).await.healthy);
        let shorter = only_failure(&look(&app, Some(&noted)).await).1.concat();
        assert!(shorter.starts_with("the chain ends at 4, and --audit-head says that it had 5 entries"), "{shorter}");
        app.run_sql("DELETE FROM audit_chain").await;
        let gone = only_failure(&look(&app, None).await).1.concat();
        assert!(gone.contains("the row of audit_chain"), "{gone}");
    }

    async fn a_chain_that_was_made_anew_is_not_the_noted_one(app: TestApp) {
        chained(&app).await;
        let noted = look(&app, None).await.audit_head.unwrap();
        unlock(&app).await;
        app.run_sql(
            "UPDATE audit_entries SET account_id = NULL WHERE sequence = 2; UPDATE audit_entries SET sequence = NULL, hash = NULL; \
             UPDATE audit_chain SET sequence = 0, hash = ''",
        )
        .await;
        assert_eq!(Job::ChainAuditLog.run(&app.state).await.unwrap(), 5);
        assert!(look(&app, None).await.healthy);
        let other = only_failure(&look(&app, Some(&noted)).await).1.concat();
        assert!(other.starts_with("entry 5 has another hash than --audit-head says"), "{other}");
    }

    async fn entries_that_nobody_chains_are_told(app: TestApp) {
        app.editor().await.draft("Ships").await;
        app.state.clock.advance(Duration::seconds(60));
        assert!(look(&app, None).await.healthy);
        app.state.clock.advance(Duration::seconds(1));
        let report = look(&app, None).await;
        let (check, findings) = only_failure(&report);
        assert_eq!(check, Check::AuditBacklog);
        assert!(findings[0].starts_with("1 entries are not chained 60 seconds after"), "{findings:?}");
    }

    async fn counters_that_are_wrong_are_named(app: TestApp) {
        let ada = app.editor().await;
        let (article, other) = (ada.published("Ships").await, ada.published("Gulls").await);
        for article in [&article, &other] {
            let first = ada.comment(article, None, "First").await.expect(201).json();
            ada.comment(article, Some(&first), "Second").await.expect(201);
        }
        app.run_sql("UPDATE threads SET approved_count = 7, pending_count = 1 WHERE article_id = (SELECT article_id FROM threads ORDER BY article_id DESC LIMIT 1)").await;
        app.run_sql("UPDATE comments SET reply_count = 3 WHERE parent_id IS NULL AND article_id = (SELECT article_id FROM threads WHERE approved_count = 2)").await;
        let report = look(&app, None).await;
        let (check, findings) = only_failure(&report);
        assert_eq!((check, findings.len()), (Check::CommentCounters, 2));
        assert!(findings[0].contains("says that it has 1 pending, 7 approved, 0 rejected, 0 spam, 0 removed comments, and has 0 pending, 2 approved,"), "{findings:?}");
        assert!(findings[1].contains("says that it has 3 answers and 1 comments below it, and has 1 and 1"), "{findings:?}");
    }

    async fn a_thread_that_is_closed_for_no_reason_is_named(app: TestApp) {
        let ada = app.editor().await;
        for title in ["One", "Two"] {
            ada.published(title).await;
        }
        app.run_sql("UPDATE threads SET state = 'closed' WHERE article_id = (SELECT id FROM articles WHERE slug = 'one')").await;
        app.run_sql("UPDATE threads SET closed_reason = 'age' WHERE article_id = (SELECT id FROM articles WHERE slug = 'two')").await;
        let report = look(&app, None).await;
        let (check, findings) = only_failure(&report);
        assert_eq!((check, findings.len()), (Check::ThreadStates, 2));
    }

    async fn snapshots_that_the_articles_do_not_know_are_named(app: TestApp) {
        let ada = app.editor().await;
        for title in ["One", "Two", "Three"] {
            ada.published(title).await;
        }
        app.run_sql(
            "UPDATE articles SET published_revision = NULL WHERE slug = 'one'; UPDATE articles SET published_revision = 9 WHERE slug = 'two'; \
             DELETE FROM published_articles WHERE slug = 'three'",
        )
        .await;
        let report = look(&app, None).await;
        let (check, findings) = only_failure(&report);
        assert_eq!((check, findings.len()), (Check::Snapshots, 3));
        let all = findings.join("\n");
        for part in ["which says that they see nothing", "which says that they see 9", "says that readers see revision 1, and they see nothing"] {
            assert!(all.contains(part), "{all}");
        }
    }

    async fn an_older_database_is_told_to_migrate(app: TestApp) {
        app.run_sql("DELETE FROM __diesel_schema_migrations WHERE version = (SELECT MAX(version) FROM __diesel_schema_migrations)").await;
        let report = look(&app, None).await;
        let (check, findings) = only_failure(&report);
        assert_eq!(check, Check::Migrations);
        assert!(findings[0].contains("run galley migrate"), "{findings:?}");
    }

    async fn a_long_chain_is_read_in_parts(app: TestApp) {
        for _ in 0..3 {
            let acts = (0..400).map(|number| Act::on(Action::TagCreated, Uuid::from_u128(number)));
            for act in acts {
                let stamp = app.state.stamp(Origin::command_line());
                let recorded: Result<(), Failure> = write_unit!(&app.state.database, audit::record(act, &stamp));
                recorded.unwrap();
            }
        }
        assert_eq!(Job::ChainAuditLog.run(&app.state).await.unwrap(), 1_200);
        let report = look(&app, None).await;
        assert!(report.healthy, "{report}");
        assert_eq!(report.audit_head.unwrap().0.sequence, 1_200);
    }
}

/// PostgreSQL keeps its foreign keys by itself.
#[actix_web::test]
async fn a_row_that_names_one_that_is_gone_is_found() {
    let app = TestApp::on_sqlite().await;
    app.editor().await.draft("Ships").await;
    app.run_sql("PRAGMA foreign_keys = OFF; DELETE FROM articles; PRAGMA foreign_keys = ON")
        .await;
    let report = look(&app, None).await;
    let (check, findings) = only_failure(&report);
    assert_eq!(check, Check::Integrity);
    assert!(
        findings
            .iter()
            .any(|finding| finding == "a row of threads names a row of articles that is not there"),
        "{findings:?}"
    );
}
