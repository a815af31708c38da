//! Each test confines a thread of its own and tries what a way out of the sandbox would try.

use std::fs::{self, File};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::thread;

use super::*;

/// Runs `what` in a thread that has given up everything but `permissions`. Fails where the kernel lacks a layer: the
/// machines that test this program have them.
fn confined<T: Send>(permissions: &Permissions, what: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = scope.spawn(|| {
            let confinement = confine(permissions);
            assert_eq!(
                confinement.to_string(),
                "Landlock in force, seccomp in force"
            );
            what()
        });
        thread.join().unwrap()
    })
}

#[test]
fn no_file_is_read_or_written_but_in_the_directories_named() {
    let directory = tempfile::tempdir().unwrap();
    let (mine, other) = (
        directory.path().join("mine"),
        directory.path().join("other"),
    );
    fs::create_dir(&mine).unwrap();
    fs::create_dir(&other).unwrap();
    fs::write(other.join("secret"), "x").unwrap();
    let permissions = Permissions {
        writable: vec![mine.clone()],
        ..Permissions::default()
    };
    confined(&permissions, || {
        fs::write(mine.join("file"), "x").unwrap();
        fs::create_dir(mine.join("directory")).unwrap();
        fs::rename(mine.join("file"), mine.join("directory/file")).unwrap();
        fs::remove_dir_all(mine.join("directory")).unwrap();
        let refused = [
            fs::read(other.join("secret")).map(drop),
            fs::write(other.join("secret"), "y"),
            fs::write(other.join("new"), "y"),
            fs::remove_file(other.join("secret")),
            fs::rename(other.join("secret"), mine.join("secret")),
            fs::hard_link(other.join("secret"), mine.join("secret")),
            fs::read_dir("/").map(drop),
            fs::read("/etc/passwd").map(drop),
            fs::read("/etc/shadow").map(drop),
            fs::read_dir("/root").map(drop),
            fs::read("/proc/1/environ").map(drop),
            File::open(std::env::current_exe().unwrap()).map(drop),
        ];
        for (at, result) in refused.into_iter().enumerate() {
            let kind = result.unwrap_err().kind();
            // A rename between the two may be refused as one between file systems.
            let expected = [ErrorKind::PermissionDenied, ErrorKind::CrossesDevices];
            assert!(expected.contains(&kind), "{at}: {kind}");
        }
    });
    assert_eq!(fs::read(other.join("secret")).unwrap(), b"x");
}

#[test]
fn only_the_ports_named_are_connected_to_and_none_is_opened() {
    let listen = || TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (open, closed) = (listen(), listen());
    let (open, closed) = (open.local_addr().unwrap(), closed.local_addr().unwrap());
    let held = (listen(), TcpListener::bind(open).ok());
    let permissions = Permissions {
        ports: Ports::These(BTreeSet::from([held.0.local_addr().unwrap().port()])),
        ..Permissions::default()
    };
    confined(&permissions, || {
        TcpStream::connect(held.0.local_addr().unwrap()).unwrap();
        let error = TcpStream::connect(closed).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
        let error = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    });
}

#[test]
fn a_process_that_answers_keeps_its_sockets_and_opens_no_more() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let permissions = Permissions {
        ports: Ports::Any,
        inbound: Inbound::OpenSockets,
        ..Permissions::default()
    };
    confined(&permissions, || {
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (_, address) = listener.accept().unwrap();
        assert_eq!(address, client.local_addr().unwrap());
        let error = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    });
}

#[test]
fn no_program_is_started_and_no_raw_socket_opened() {
    confined(&Permissions::default(), || {
        let error = Command::new("/bin/true").status().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        for (family, kind) in [
            (libc::AF_PACKET, libc::SOCK_RAW),
            (libc::AF_INET, libc::SOCK_RAW),
            (libc::AF_ALG, libc::SOCK_SEQPACKET),
            (libc::AF_VSOCK, libc::SOCK_STREAM),
        ] {
            // SAFETY: takes three numbers.
            let socket = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, 0) };
            assert_eq!(socket, -1, "{family}");
            let error = std::io::Error::last_os_error();
            assert_eq!(error.raw_os_error(), Some(libc::EPERM), "{family}");
        }
        // SAFETY: takes a number.
        assert_eq!(unsafe { libc::unshare(libc::CLONE_NEWUSER) }, -1);
    });
}

#[test]
fn threads_pipes_and_name_look_ups_go_on() {
    confined(&Permissions::default(), || {
        assert_eq!(thread::spawn(|| 7).join().unwrap(), 7);
        UnixStream::pair().unwrap();
        UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).unwrap();
        let found = ("localhost", 80).to_socket_addrs().unwrap();
        assert!(found.into_iter().all(|address| address.ip().is_loopback()));
    });
}
