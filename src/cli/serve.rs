//! `galley serve`: serve the API.

use std::io::Write;

use secrecy::ExposeSecret;

use super::Outcome;
use crate::server::{Application, Credentials};
use crate::settings::Settings;

/// Serves until the process is told to stop.
///
/// # Errors
/// Why the server could not start or go on.
pub async fn run(settings: Settings) -> Outcome {
    let application = Application::build(settings).await?;
    let mut out = std::io::stdout();
    if let Some(credentials) = application.first_administrator() {
        announce(&mut out, credentials)?;
    }
    writeln!(out, "galley listens on http://{}", application.address())?;
    out.flush()?;
    application.run_until_stopped().await?;
    Ok(())
}

fn announce(out: &mut impl Write, credentials: &Credentials) -> std::io::Result<()> {
    let Credentials { email, random_password } = credentials;
    match random_password {
        None => writeln!(out, "created the administrator {email}"),
        Some(password) => {
            writeln!(
                out,
                "created the administrator {email} with the password {}",
                password.expose_secret()
            )?;
            writeln!(
                out,
                "(it is not shown again; `galley user password {email}` sets another)"
            )
        }
    }
}
