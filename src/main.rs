//! The program: reads the command line, settles the crypto library, and calls [`galley::cli`].

use std::process::ExitCode;

use clap::Parser;
use galley::cli::{self, CommandLine};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // Named here, so that a build without this provider fails to compile and does not panic at the first token.
    if jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER
        .install_default()
        .is_err()
    {
        return ExitCode::FAILURE;
    }
    cli::run(CommandLine::parse())
}
