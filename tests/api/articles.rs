//! Articles: what editors do, and what readers see of it.

use serde_json::json;

use crate::on_both_databases;
use crate::support::client::id;

on_both_databases! {
    async fn a_draft_is_seen_by_nobody_until_it_is_published(app: TestApp) {
        let (ada, reader) = (app.editor().await, app.reader());
        let draft = ada.draft("Ships").await;
        reader.get(&format!("/v1/articles/{}", id(&draft))).await.problem(404, "not-found");
        reader.get("/v1/articles/by-slug/ships").await.problem(404, "not-found");
        assert_eq!(reader.get("/v1/articles").await.expect(200).json()["data"], json!([]));

        ada.post(&format!("/v1/editorial/articles/{}/publish", id(&draft)), json!({})).await.expect(200);
        let article = reader.get("/v1/articles/by-slug/ships").await.expect(200).json();
        assert_eq!(article["title"], "Ships");
    }
}
