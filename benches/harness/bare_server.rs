//! The yardstick of `benches/speed`: actix-web answering every request with the same finished bytes, with no routing,
//! no middleware and no allocation of a body. No server built on actix-web can answer faster than this one.

use std::io::Write;
use std::net::Ipv4Addr;

use actix_web::http::header;
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};
use clap::Parser;

/// The allocator of the program that is measured beside it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Answers every request with the same bytes.
#[derive(Parser)]
struct Arguments {
    /// The bytes of the body.
    #[arg(long)]
    bytes: usize,
    /// The port on loopback; 0 picks a free one and prints it.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The worker threads; one a core when it is left out, as in Galley.
    #[arg(long)]
    workers: Option<usize>,
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let Arguments { bytes, port, workers } = Arguments::parse();
    let body = Bytes::from(vec![b'x'; bytes]);
    let server = HttpServer::new(move || {
        let body = body.clone();
        App::new().default_service(web::to(move || std::future::ready(answer(body.clone()))))
    })
    .bind((Ipv4Addr::LOCALHOST, port))?;
    let server = match workers {
        Some(count) => server.workers(count),
        None => server,
    };
    for address in server.addrs() {
        writeln!(std::io::stdout(), "bare_server listens on http://{address}")?;
    }
    server.run().await
}

fn answer(body: Bytes) -> HttpResponse {
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/json"))
        .body(body)
}
