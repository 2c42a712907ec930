//! Clients that behave badly, on a plain TCP connection: half a head, a body in drops.

use std::future::pending;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// How long a service may keep a bad client: 10 s for a body, and some for the answer.
const PATIENCE: Duration = Duration::from_secs(15);

/// Sends bytes on a fresh connection and returns all that comes back until it is closed. A
/// request that is complete should say `Connection: close`.
///
/// # Panics
///
/// If there is no connection, or it is still open after 15 s.
pub async fn raw_request(address: SocketAddr, bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let mut connection = RawConnection::open(address).await;
    connection.send(bytes).await;
    connection.read_to_end().await
}

/// A connection for sending whatever one likes, whenever one likes.
#[derive(Debug)]
pub struct RawConnection {
    stream: TcpStream,
}

impl RawConnection {
    /// Connects.
    ///
    /// # Panics
    ///
    /// If nobody listens.
    pub async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.expect("the service listens");
        stream.set_nodelay(true).expect("the connection is open");
        Self { stream }
    }

    /// Sends bytes. The service may have closed the connection; what it said before that is
    /// what [`RawConnection::read_to_end`] returns.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
    }

    /// Whether the service has broken the connection. Reads nothing.
    pub fn is_broken(&self) -> bool {
        self.stream.try_write(b"\n").is_err_and(|error| error.kind() != ErrorKind::WouldBlock)
    }

    /// Sends one byte after each pause until the service says something that contains
    /// `end`, and returns what it said.
    ///
    /// # Panics
    ///
    /// If it has not said that after 15 s.
    pub async fn trickle_until(&mut self, byte: u8, pause: Duration, end: &str) -> String {
        let (reader, mut writer) = self.stream.split();
        let trickle = async {
            while writer.write_all(&[byte]).await.is_ok() {
                sleep(pause).await;
            }
            pending::<()>().await;
        };
        tokio::select! {
            heard = read_until(reader, end) => heard,
            () = trickle => String::new(),
        }
    }

    /// Waits until the service says something that contains `end`, and returns what it said.
    ///
    /// # Panics
    ///
    /// If it has not said that after 15 s.
    pub async fn read_until(&mut self, end: &str) -> String {
        read_until(&mut self.stream, end).await
    }

    /// Waits until the service closes the connection, and returns what it said.
    ///
    /// # Panics
    ///
    /// If the connection is still open after 15 s.
    pub async fn read_to_end(&mut self) -> Vec<u8> {
        let mut heard = Vec::new();
        // A reset ends the connection too; what was heard before it stays heard.
        let ended = timeout(PATIENCE, self.stream.read_to_end(&mut heard)).await;
        assert!(ended.is_ok(), "after 15 s the service has not closed the connection");
        heard
    }
}

async fn read_until(mut stream: impl AsyncRead + Unpin, end: &str) -> String {
    let mut heard = Vec::new();
    let read = async {
        while !String::from_utf8_lossy(&heard).contains(end) {
            if !stream.read_buf(&mut heard).await.is_ok_and(|count| count > 0) {
                return;
            }
        }
    };
    let ended = timeout(PATIENCE, read).await;
    let heard = String::from_utf8_lossy(&heard).into_owned();
    assert!(ended.is_ok(), "after 15 s the service has not said {end:?}, but: {heard}");
    heard
}
