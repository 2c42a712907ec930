//! The listener, the time-outs of a connection, and the clean stop.
//!
//! `axum::serve` has no time-out for a request head: a client that sends half of one stays
//! connected for ever. This loop is the same idea with the time-outs that a public server
//! needs, a cap on connections, and an end that comes in bounded time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tower::ServiceExt;

use super::bare::Completed;
use super::guard::Traffic;

/// How long a client may take to send a request head, and how long a connection may idle.
/// Callers that keep connections (nginx, the other services) drop theirs earlier than this,
/// so that nobody sends a request into a connection that is just being closed.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// How long what we send may wait for a client that does not read, or has gone without a word.
const STALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The largest request head, in bytes, and the read buffer of a connection.
const HEAD_MAX_BYTES: usize = 32 * 1024;

/// Connections at once; the next ones wait in the kernel's queue.
const CONNECTIONS_MAX: usize = 1_024;

/// The length of that queue. When it is full, a connection is tried again only after a second,
/// and the usual 128 are full when a few classes click at the same moment.
const BACKLOG: u32 = 1_024;

/// How long requests in flight may take to finish when the service is told to stop.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// A pause after a failed `accept`: it fails when file descriptors run out, and then trying
/// again at once would only burn the processor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Opens the port.
///
/// # Errors
///
/// If somebody else has it, or we may not.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A service that was killed finds its port free again, old connections or not.
    socket.set_reuseaddr(true)?;
    // Hyper has no such time-out, and the kernel needs none of ours: each connection inherits this
    // one (TCP_USER_TIMEOUT, tcp(7)).
    SockRef::from(&socket).set_tcp_user_timeout(Some(STALL_TIMEOUT))?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves `router` until `stop` is done and the requests in flight have finished.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    traffic: &Traffic,
    stop: impl Future<Output = ()>,
) {
    let listener = Listener {
        listener,
        router,
        places: Arc::new(Semaphore::new(CONNECTIONS_MAX)),
        connections: GracefulShutdown::new(),
    };
    tokio::select! {
        () = listener.accept_all() => {}
        () = stop => {}
    }
    traffic.start_draining();
    let deadline = Instant::now() + DRAIN_TIMEOUT;
    // New connections are still accepted meanwhile, so that `/health` can say 503.
    tokio::select! {
        () = listener.accept_all() => {}
        () = traffic.idle() => {}
        () = sleep_until(deadline) => tracing::warn!("requests are cut off: they took too long"),
    }
    // Idle connections close at once; a busy one finishes its request first.
    let _ = timeout_at(deadline, listener.connections.shutdown()).await;
}

/// Breaks a connection from inside a request, for faults on purpose.
#[derive(Clone, Debug, Default)]
pub struct Hangup(Arc<Notify>);

impl Hangup {
    /// Breaks the connection.
    pub fn now(&self) {
        self.0.notify_one();
    }
}

struct Listener {
    listener: TcpListener,
    router: Router,
    places: Arc<Semaphore>,
    connections: GracefulShutdown,
}

impl Listener {
    /// Accepts connections for as long as it is polled.
    async fn accept_all(&self) {
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            match self.listener.accept().await {
                Ok((stream, _)) => self.spawn(stream, place),
                Err(error) => {
                    tracing::warn!(%error, "could not accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn spawn(&self, stream: TcpStream, place: OwnedSemaphorePermit) {
        // A reply is one small write; waiting for more to send would only delay it.
        let _ = stream.set_nodelay(true);
        let hangup = Hangup::default();
        let handle = hangup.clone();
        let service = self.router.clone().map_request(move |request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(handle.clone());
            request
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(HEAD_MAX_BYTES)
            .max_header_size(HEAD_MAX_BYTES)
            .serve_connection(
                Completed::new(TokioIo::new(stream)),
                TowerToHyperService::new(service),
            );
        let connection = self.connections.watch(connection);
        tokio::spawn(async move {
            // How a connection ends is the client's business: most just hang up.
            tokio::select! {
                _ = connection => {}
                () = hangup.0.notified() => {}
            }
            drop(place);
        });
    }
}
