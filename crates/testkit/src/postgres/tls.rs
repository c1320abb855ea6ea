//! TLS before a server that speaks none itself: a door through which one comes encrypted or not at all.

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// What a client says first that wants TLS: the length of the message, and the number that stands for it.
const WANTS_TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The door. It stands open for as long as the program runs.
pub struct TlsDoor {
    port: u16,
    files: TempDir,
}

impl TlsDoor {
    /// A door to `127.0.0.1:PORT`, with a certificate for `127.0.0.1`.
    pub fn to(server: &str) -> Self {
        let files = TempDir::new().unwrap();
        let home = files.path();
        authority(home, "right");
        authority(home, "wrong");
        std::fs::write(home.join("names"), "subjectAltName=IP:127.0.0.1").unwrap();
        openssl(home, "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=database");
        let sign = "x509 -req -in server.csr -CA right.crt -CAkey right.key -CAcreateserial -days 2";
        openssl(home, &format!("{sign} -extfile names -out server.crt"));
        let acceptor = acceptor(home);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, server) = (listener.local_addr().unwrap().port(), server.to_owned());
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(stand_open(listener, acceptor, server));
        });
        Self { port, files }
    }

    /// `127.0.0.1:PORT`.
    pub fn host(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority that has signed the door's own.
    pub fn authority(&self) -> PathBuf {
        self.files.path().join("right.crt")
    }

    /// That of one which has signed nothing.
    pub fn another_authority(&self) -> PathBuf {
        self.files.path().join("wrong.crt")
    }
}

async fn stand_open(listener: TcpListener, acceptor: TlsAcceptor, server: String) {
    listener.set_nonblocking(true).unwrap();
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    while let Ok((near, _)) = listener.accept().await {
        let (acceptor, server) = (acceptor.clone(), server.clone());
        // Whoever is not let in, or goes away, has nobody here to be told of it.
        tokio::spawn(async move { let_in(near, acceptor, &server).await.ok() });
    }
}

async fn let_in(mut near: TcpStream, acceptor: TlsAcceptor, server: &str) -> std::io::Result<()> {
    let mut first = [0; 8];
    near.read_exact(&mut first).await?;
    if first != WANTS_TLS {
        return Ok(());
    }
    near.write_all(b"S").await?;
    let mut near = acceptor.accept(near).await?;
    let mut far = TcpStream::connect(server).await?;
    copy_bidirectional(&mut near, &mut far).await.map(drop)
}

fn acceptor(home: &Path) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(home.join("server.crt")).unwrap();
    let key = PrivateKeyDer::from_pem_file(home.join("server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    TlsAcceptor::from(Arc::new(config))
}

fn authority(home: &Path, name: &str) {
    let files = format!("-keyout {name}.key -out {name}.crt");
    openssl(home, &format!("req -x509 -newkey rsa:2048 -nodes -days 2 {files} -subj /CN={name}"));
}

fn openssl(directory: &Path, arguments: &str) {
    let output = Command::new("openssl").current_dir(directory).args(arguments.split(' ')).output();
    let output = output.expect("openssl is installed by scripts/test");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
