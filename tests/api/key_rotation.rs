//! Replacing the key that signs: nobody is logged out, and what was broken off is carried on with.

use chrono::Duration;
use galley::accounts::key_files::KeyFolder;
use galley::accounts::key_rotation::{self, AnnouncedKeyRow, RotationFault};
use galley::accounts::permissions::Role;
use galley::audit::origin::Origin;
use galley::database::failure::Failure;
use galley::jobs;
use galley::{read, write_unit};

use crate::on_both_databases;
use crate::support::app::{SIGNING_KEY, TestApp};

/// Puts the key of the application into its folder, as that of a server is.
fn folder(app: &TestApp) -> KeyFolder {
    let folder = KeyFolder::of(&app.state.settings.data_dir);
    folder.prepare().unwrap();
    std::fs::write(app.state.settings.data_dir.join("keys/signing-key.pem"), SIGNING_KEY).unwrap();
    folder
}

async fn begin(app: &TestApp, folder: &KeyFolder) -> AnnouncedKeyRow {
    let stamp = app.state.stamp(Origin::command_line());
    let begun: Result<AnnouncedKeyRow, RotationFault> = key_rotation::begin(&app.state.database, folder, stamp).await;
    begun.unwrap()
}

async fn announced(app: &TestApp) -> Vec<AnnouncedKeyRow> {
    let rows: Result<Vec<AnnouncedKeyRow>, Failure> = read!(&app.state.database, signing_keys::list());
    rows.unwrap()
}

async fn kids(app: &TestApp) -> Vec<String> {
    let set = app.reader().get("/.well-known/jwks.json").await.expect(200).json();
    set["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|key| key["kid"].as_str().unwrap().to_owned())
        .collect()
}

fn signing(app: &TestApp) -> String {
    app.state.keys.signing_key().kid().to_owned()
}

async fn tick(app: &TestApp) -> usize {
    jobs::run_due(&app.state).await.unwrap()
}

on_both_databases! {
    async fn a_key_is_announced_then_signs_and_the_old_one_goes_when_it_is_needed_no_more(app: TestApp) {
        let folder = folder(&app);
        let (old, editor) = (signing(&app), app.lasting_account(Role::Editor).await);
        let next = begin(&app, &folder).await;
        assert_eq!(begin(&app, &folder).await, next, "a second command changes nothing");
        assert_eq!(tick(&app).await, 0);
        assert_eq!(kids(&app).await.len(), 2, "it is announced");
        assert_eq!(signing(&app), old, "it does not sign yet");

        app.state.clock.advance(Duration::seconds(599));
        assert_eq!(tick(&app).await, 0);
        app.state.clock.advance(Duration::seconds(1));
        assert_eq!(tick(&app).await, 1);
        assert_eq!(signing(&app), next.kid);
        assert_eq!(folder.current().unwrap().unwrap().kid(), next.kid, "the old private half is gone");
        assert!(folder.next().unwrap().is_none());
        editor.get("/v1/auth/me").await.expect(200);
        app.account(Role::Editor).await.get("/v1/auth/me").await.expect(200);

        app.state.clock.advance(Duration::days(29));
        assert_eq!(tick(&app).await, 0);
        assert_eq!(kids(&app).await.len(), 2, "a preview link may be as old");
        app.state.clock.advance(Duration::days(1) + Duration::minutes(11));
        assert_eq!(tick(&app).await, 1);
        assert_eq!(kids(&app).await, std::slice::from_ref(&next.kid));
        let entries = app.lines("SELECT action || ' ' || actor_kind || ' ' || subject_id AS line FROM audit_entries".into()).await;
        assert_eq!(entries, [format!("signing_key.rotated command_line {}", next.kid)]);
    }

    async fn what_the_old_key_signed_is_foreign_once_it_is_gone(app: TestApp) {
        let folder = folder(&app);
        let account = app.create_account("ada@galley.example", Role::Editor).await;
        let mut claims = app.claims(account, Role::Editor);
        claims.exp += 365 * 86_400;
        let token = app.token(&claims);
        begin(&app, &folder).await;
        app.state.clock.advance(Duration::seconds(600));
        tick(&app).await;
        app.bearer(&token).get("/v1/auth/me").await.expect(200);
        app.state.clock.advance(Duration::days(31));
        tick(&app).await;
        app.bearer(&token).get("/v1/auth/me").await.problem(401, "token-invalid");
    }

    async fn the_calendar_begins_a_rotation(app: TestApp) {
        let folder = folder(&app);
        app.state.clock.advance(Duration::days(90) - Duration::seconds(1));
        assert_eq!(tick(&app).await, 0);
        app.state.clock.advance(Duration::seconds(1));
        assert_eq!(tick(&app).await, 1);
        assert_eq!(tick(&app).await, 0, "one is under way");
        app.state.clock.advance(Duration::seconds(600));
        assert_eq!(tick(&app).await, 1);
        assert_eq!(tick(&app).await, 0, "the new one is young");
        assert!(folder.next().unwrap().is_none());
        assert_eq!(announced(&app).await.len(), 2);
    }

    async fn a_rotation_that_was_broken_off_is_carried_on_with(app: TestApp) {
        let folder = folder(&app);
        let old = signing(&app);
        // After the file was made, and before its key was announced.
        let next = folder.next_or_new().unwrap();
        assert_eq!(tick(&app).await, 1);
        assert_eq!(announced(&app).await.len(), 2);
        assert_eq!(signing(&app), old);

        // After the old key was said to be replaced, and before it was: it signs on, and is needed the longer.
        app.state.clock.advance(Duration::days(1));
        let (kid, now) = (old.clone(), app.state.clock.now().into());
        let retired: Result<(), Failure> = write_unit!(&app.state.database, signing_keys::retire(kid, now, now));
        retired.unwrap();
        assert_eq!(tick(&app).await, 1);
        assert_eq!(signing(&app), next.kid());
        let row = announced(&app).await.into_iter().find(|row| row.kid == old).unwrap();
        assert!(row.needed_until.unwrap() > (app.state.clock.now() + Duration::days(30)).into());
    }

    async fn a_second_process_on_the_folder_follows(app: TestApp) {
        let folder = folder(&app);
        let old = signing(&app);
        let next = begin(&app, &folder).await;
        app.state.clock.advance(Duration::seconds(600));
        // The other process gave it its turn.
        folder.promote().unwrap();
        assert_eq!(tick(&app).await, 1);
        assert_eq!(signing(&app), next.kid);
        let row = announced(&app).await.into_iter().find(|row| row.kid == old).unwrap();
        assert!(row.retired_at.is_some());
        app.editor().await.get("/v1/auth/me").await.expect(200);
    }

    async fn another_instance_verifies_with_a_new_key_before_it_signs(app: TestApp) {
        let folder = folder(&app);
        let other = app.another_instance().await;
        begin(&app, &folder).await;
        key_rotation::carry_out(&other).await.unwrap();
        assert_eq!(other.keys.jwks().keys.len(), 2);
    }
}
