//! Replacing the key that signs, without logging anybody out.
//!
//! 1. A new key is made in the data folder of the instance, and its public half is announced: every instance shows it in its
//!    JWKS within a minute, and verifies with it.
//! 2. Ten minutes later, which is twice as long as anybody may keep a JWKS, it signs: the job notices its turn. The old
//!    private half is gone then.
//! 3. The old public half stays until the last token that it signed has ended. Then the job removes it.
//!
//! What is done stands in the folder and in the database, and each step looks there what there is to do. So it does not
//! matter where it was broken off, and a command beside a running server needs to tell it nothing.

use chrono::{DateTime, Duration, Utc};
use diesel::{Queryable, Selectable};
use thiserror::Error;

use crate::accounts::claims::ACCESS_TOKEN_SECONDS;
use crate::accounts::key_files::KeyFolder;
use crate::accounts::keys::{KeyFault, SigningKey};
use crate::articles::previews::preview_link::MAX_PREVIEW_SECONDS;
use crate::audit::origin::Origin;
use crate::database::Database;
use crate::database::failure::Failure;
use crate::database::schema::signing_keys;
use crate::database::timestamp::RowTime;
use crate::state::{AppState, Stamp};
use crate::{read, write_unit};

/// Seconds that a client may keep the JWKS.
pub const JWKS_SECONDS: i64 = 300;

/// Seconds for which a key is announced before it signs.
pub const ANNOUNCED_SECONDS: i64 = 2 * JWKS_SECONDS;

/// Seconds for which another process on the same folder may still sign with a key that was replaced.
const LAGGARD_SECONDS: i64 = 600;

/// A row of `signing_keys`.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = signing_keys)]
pub struct AnnouncedKeyRow {
    /// The id: the RFC 7638 thumbprint.
    pub kid: String,
    /// When it was announced.
    pub created_at: RowTime,
    /// When it may begin to sign; left out for the first key of an instance, which signs at once.
    pub signs_from: Option<RowTime>,
    /// When it was replaced.
    pub retired_at: Option<RowTime>,
    /// When the last token that it signed has ended.
    pub needed_until: Option<RowTime>,
}

/// A key to announce.
#[derive(Debug, Clone)]
pub struct NextKey {
    /// The id.
    pub kid: String,
    /// The public half as a JWK in JSON.
    pub public_key: String,
    /// When it may begin to sign.
    pub signs_from: RowTime,
    /// The id of the key that it replaces.
    pub replaces: Option<String>,
}

/// Where a key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// It is announced, and does not sign yet.
    Announced,
    /// It may sign.
    Signing,
    /// It was replaced, and verifies what it signed.
    Verifying,
}

/// Why a key was not replaced.
#[derive(Debug, Error)]
pub enum RotationFault {
    /// The files.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The database.
    #[error(transparent)]
    Database(#[from] Failure),
}

impl AnnouncedKeyRow {
    /// Where it stands at a moment.
    #[must_use]
    pub fn state(&self, now: DateTime<Utc>) -> KeyState {
        match (self.retired_at, self.signs_from) {
            (Some(_), _) => KeyState::Verifying,
            (None, Some(from)) if from.utc() > now => KeyState::Announced,
            (None, _) => KeyState::Signing,
        }
    }

    fn began(&self) -> DateTime<Utc> {
        self.signs_from.unwrap_or(self.created_at).utc()
    }
}

impl KeyState {
    /// The name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Announced => "announced",
            Self::Signing => "signing",
            Self::Verifying => "verifying",
        }
    }
}

/// Begins to replace the key of a folder, or goes on with it when that was begun before: makes the next key and announces it.
///
/// # Errors
/// [`RotationFault`].
pub async fn begin(database: &Database, folder: &KeyFolder, stamp: Stamp) -> Result<AnnouncedKeyRow, RotationFault> {
    let replaces = folder.current()?.map(|key| key.kid().to_owned());
    let key = folder.next_or_new()?;
    let next = NextKey {
        kid: key.kid().to_owned(),
        public_key: key.public_json()?,
        signs_from: (stamp.now + Duration::seconds(ANNOUNCED_SECONDS)).into(),
        replaces,
    };
    Ok(write_unit!(database, signing_keys::announce_next(next, stamp))?)
}

/// Does what is due: begins a rotation by the calendar, gives the next key its turn, forgets the keys that are needed no
/// more, and learns those of other instances. Tells how many keys changed.
///
/// # Errors
/// A [`Failure`], also of the files.
pub async fn carry_out(state: &AppState) -> Result<usize, Failure> {
    let turned = turn(state).await.map_err(|fault| match fault {
        RotationFault::Database(failure) => failure,
        RotationFault::Key(fault) => Failure::Internal(fault.to_string()),
    })?;
    let forgotten = forget(state).await?;
    state.reload_keys().await?;
    Ok(turned.saturating_add(forgotten))
}

async fn turn(state: &AppState) -> Result<usize, RotationFault> {
    let folder = KeyFolder::of(&state.settings.data_dir);
    let Some(current) = folder.current()? else {
        // The key of this process does not come from the folder.
        return Ok(0);
    };
    let signing = state.keys.signing_key();
    if current.kid() != signing.kid() {
        // Another process on the same folder gave the next key its turn.
        retire(state, signing.kid()).await?;
        state.keys.sign_with(current);
        return Ok(1);
    }
    let now = state.clock.now();
    let Some(next) = folder.next()? else {
        if !is_old(state, current.kid(), now).await? {
            return Ok(0);
        }
        begin(&state.database, &folder, state.stamp(Origin::schedule())).await?;
        return Ok(1);
    };
    match announced(state, next.kid()).await? {
        // It was broken off before the key was announced.
        None => {
            begin(&state.database, &folder, state.stamp(Origin::schedule())).await?;
            Ok(1)
        }
        Some(row) if row.began() > now => Ok(0),
        Some(_its_turn) => give_turn(state, &folder, next).await,
    }
}

/// The order matters: a key that was replaced and not said to be would stay for ever, and one that was said to be replaced
/// too early is said so again.
async fn give_turn(state: &AppState, folder: &KeyFolder, next: SigningKey) -> Result<usize, RotationFault> {
    let kid = next.kid().to_owned();
    retire(state, state.keys.signing_key().kid()).await?;
    folder.promote()?;
    state.keys.sign_with(next);
    tracing::info!(%kid, "a new key signs from now on");
    Ok(1)
}

async fn retire(state: &AppState, kid: &str) -> Result<(), Failure> {
    let longest = ACCESS_TOKEN_SECONDS.max(MAX_PREVIEW_SECONDS.into());
    let now = state.clock.now();
    let until = RowTime::from(now + Duration::seconds(longest.saturating_add(LAGGARD_SECONDS)));
    let (kid, now) = (kid.to_owned(), RowTime::from(now));
    write_unit!(&state.database, signing_keys::retire(kid, now, until))
}

async fn is_old(state: &AppState, kid: &str, now: DateTime<Utc>) -> Result<bool, Failure> {
    let Some(days) = state.settings.key_rotation_days else {
        return Ok(false);
    };
    let key = announced(state, kid).await?;
    Ok(key.is_some_and(|key| key.began() + Duration::days(days.into()) <= now))
}

async fn announced(state: &AppState, kid: &str) -> Result<Option<AnnouncedKeyRow>, Failure> {
    let kid = kid.to_owned();
    read!(&state.database, signing_keys::find(kid))
}

async fn forget(state: &AppState) -> Result<usize, Failure> {
    let now = RowTime::from(state.clock.now());
    let over: Result<i64, Failure> = read!(&state.database, signing_keys::count_over(now));
    match over? {
        0 => Ok(0),
        _ => write_unit!(&state.database, signing_keys::forget(now)),
    }
}
