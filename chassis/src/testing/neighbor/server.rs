//! The neighbor's side of the wire, byte by byte. A library would not let us misbehave.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::{Behavior, Recorded, Stage};
use crate::testing::eventually::PATIENCE;

/// Something the test wants from the server, and where to say that it is done.
pub(super) enum Order {
    /// Open the listener.
    Accept(mpsc::Sender<()>),
    /// Close the listener and cut all connections.
    Refuse(mpsc::Sender<()>),
}

/// Serves until the test has dropped its end of `inbox`.
pub(super) fn run(address: SocketAddr, stage: &Arc<Stage>, mut inbox: UnboundedReceiver<Order>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime can be made").block_on(async {
        let mut listener = None;
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                order = inbox.recv() => match order {
                    Some(Order::Accept(done)) => {
                        if listener.is_none() {
                            listener = Some(listen(address).await);
                        }
                        let _ = done.send(());
                    }
                    Some(Order::Refuse(done)) => {
                        listener = None;
                        connections.shutdown().await;
                        let _ = done.send(());
                    }
                    None => return,
                },
                stream = accept(listener.as_ref()) => {
                    let stage = Arc::clone(stage);
                    // How a connection ends is the client's business.
                    connections.spawn(async move { serve(stream, &stage).await.ok() });
                }
            }
        }
    });
}

/// Opens the listener. One that was closed just now may be there for an instant longer: a process that is
/// started at this very moment holds it as well.
async fn listen(address: SocketAddr) -> TcpListener {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match TcpListener::bind(address).await {
            Ok(listener) => return listener,
            Err(error) => assert!(Instant::now() < deadline, "cannot listen on {address}: {error}"),
        }
        sleep(Duration::from_millis(1)).await;
    }
}

async fn accept(listener: Option<&TcpListener>) -> TcpStream {
    let Some(listener) = listener else { return pending().await };
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            return stream;
        }
    }
}

/// Serves one connection, request after request.
async fn serve(stream: TcpStream, stage: &Stage) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    while let Some(request) = read_request(&mut stream).await? {
        let mut behavior = stage.decide(request);
        while let Behavior::After(pause, then) = behavior {
            sleep(pause).await;
            behavior = *then;
        }
        match behavior {
            Behavior::Send(bytes) => stream.get_mut().write_all(&bytes).await?,
            Behavior::SendAndClose(bytes) => return stream.get_mut().write_all(&bytes).await,
            Behavior::Hang => pending().await,
            Behavior::Reset => return stream.get_ref().set_zero_linger(),
            Behavior::Close | Behavior::After(..) => return Ok(()),
        }
    }
    Ok(())
}

/// Reads one request; `None` when the client has no more.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Recorded>> {
    let mut line = String::new();
    if stream.read_line(&mut line).await? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let headers = read_headers(stream).await?;
    let length = headers.get("content-length").and_then(|length| length.to_str().ok());
    // Our services announce the length of every body they send.
    let mut body = vec![0; length.and_then(|length| length.parse().ok()).unwrap_or(0)];
    stream.read_exact(&mut body).await?;
    Ok(Some(Recorded { method, path, query, headers, body }))
}

async fn read_headers(stream: &mut BufReader<TcpStream>) -> io::Result<HeaderMap> {
    let mut headers = HeaderMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { return Ok(headers) };
        let name = name.parse::<HeaderName>().map_err(io::Error::other)?;
        let value = HeaderValue::from_str(value.trim()).map_err(io::Error::other)?;
        headers.append(name, value);
    }
}
