//! A connection that is kept, for load: HTTP/1.1 with `Content-Length` and nothing else. A full client
//! would take from the server half of the machine.

use std::io::{Error, Write};
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Result};
use tokio::net::TcpStream;

/// A kept connection; one request at a time.
pub(super) struct Connection {
    stream: BufReader<TcpStream>,
    address: SocketAddr,
    request: Vec<u8>,
    line: Vec<u8>,
    body: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub(super) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let (request, line, body) = (Vec::new(), Vec::new(), Vec::new());
        Ok(Self { stream: BufReader::with_capacity(16 * 1024, stream), address, request, line, body })
    }

    /// Posts a body; gives status and answer.
    pub(super) async fn post(&mut self, path: &str, content_type: &str, body: &[u8]) -> Result<(u16, &[u8])> {
        self.request.clear();
        write!(
            self.request,
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            self.address,
            body.len()
        )?;
        self.request.extend_from_slice(body);
        self.exchange().await
    }

    /// Asks for something.
    pub(super) async fn get(&mut self, path: &str) -> Result<(u16, &[u8])> {
        self.request.clear();
        write!(self.request, "GET {path} HTTP/1.1\r\nhost: {}\r\n\r\n", self.address)?;
        self.exchange().await
    }

    async fn exchange(&mut self) -> Result<(u16, &[u8])> {
        self.stream.get_mut().write_all(&self.request).await?;
        let strange = || Error::other("the server's answer is not the HTTP that the load generator understands");
        self.next_line().await?;
        let status = std::str::from_utf8(&self.line).ok().and_then(|line| line.split(' ').nth(1)?.parse().ok());
        let status: u16 = status.ok_or_else(strange)?;
        let mut length = None;
        loop {
            self.next_line().await?;
            let line = self.line.trim_ascii();
            if line.is_empty() {
                break;
            }
            let header = std::str::from_utf8(line).ok().and_then(|line| line.split_once(':'));
            if let Some((name, value)) = header
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse::<usize>().ok();
            }
        }
        // Lists of results are the largest answers; this is far beyond them.
        let length = length.filter(|length| *length < 64 * 1024 * 1024).ok_or_else(strange)?;
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).await?;
        Ok((status, &self.body))
    }

    async fn next_line(&mut self) -> Result<()> {
        self.line.clear();
        match (&mut self.stream).take(16 * 1024).read_until(b'\n', &mut self.line).await? {
            0 => Err(Error::other("the server closed the connection")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn requests_follow_each_other_on_one_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let server = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut seen = vec![0; 1024];
            let mut requests = Vec::new();
            for answer in [
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nx: y\r\n\r\nok",
                "HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n",
            ] {
                let length = stream.read(&mut seen).await.unwrap();
                requests.push(String::from_utf8_lossy(&seen[..length]).into_owned());
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            requests
        });
        let mut connection = Connection::open(address).await.unwrap();
        assert_eq!(connection.post("/events", "application/json", b"{}").await.unwrap(), (200, &b"ok"[..]));
        assert_eq!(connection.get("/status").await.unwrap(), (503, &b""[..]));
        let requests = server.await.unwrap();
        assert!(requests[0].starts_with("POST /events HTTP/1.1\r\n") && requests[0].ends_with("\r\n\r\n{}"));
        assert!(connection.get("/status").await.is_err());
    }
}
