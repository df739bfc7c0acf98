//! An application of its own for every test, and the clients that talk to it.

pub mod answer;
pub mod app;
pub mod client;
pub mod digest;
pub mod events;
pub mod postgres;
pub mod rehearsal;
pub mod s3;
pub mod smtp;

/// Makes two tests of one: `name::sqlite` and `name::postgres`. Both must give the same answers.
#[macro_export]
macro_rules! on_both_databases {
    ($($(#[$meta:meta])* async fn $name:ident($app:ident: TestApp) $body:block)*) => {
        $(
            $(#[$meta])*
            mod $name {
                #[allow(unused_imports, reason = "not every story takes something from its file")]
                use super::*;

                async fn story($app: $crate::support::app::TestApp) $body

                #[actix_web::test]
                async fn sqlite() {
                    story($crate::support::app::TestApp::on_sqlite().await).await;
                }

                #[actix_web::test]
                async fn postgres() {
                    if let Some(app) = $crate::support::app::TestApp::on_postgres(concat!(module_path!(), "::postgres")).await {
                        story(app).await;
                    }
                }
            }
        )*
    };
}
