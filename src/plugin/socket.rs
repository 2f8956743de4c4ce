//! Where the provider listens: a Unix socket that only its owner can reach, or a
//! loopback port on systems without Unix sockets.

use std::fmt;
use std::io;

use super::environment::Environment;

/// Where to connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// `unix` or `tcp`, in go-plugin's words.
    pub(super) network: &'static str,
    /// A path, or address and port.
    pub(super) place: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.network, self.place)
    }
}

#[cfg(unix)]
pub(super) use unix::{Socket, Stream, bind};

#[cfg(not(unix))]
pub(super) use tcp::{Socket, Stream, bind};

#[cfg(unix)]
mod unix {
    use super::{Address, Environment, io};
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt, chown};
    use std::path::{Path, PathBuf};
    use tokio::net::{UnixListener, UnixStream};
    use uuid::Uuid;

    pub(in crate::plugin) type Stream = UnixStream;

    /// What the smallest of the systems, macOS, allows in the path of a socket.
    const PATH_LIMIT: usize = 103;

    /// A bound socket. Dropping it removes what it left in the file system.
    pub(in crate::plugin) struct Socket {
        listener: UnixListener,
        pub(in crate::plugin) address: Address,
        path: PathBuf,
        /// The directory made for it, if none was given.
        own_dir: Option<PathBuf>,
        /// The user who may connect; `None` once a group may.
        only_user: Option<u32>,
    }

    pub(in crate::plugin) fn bind(environment: &Environment) -> io::Result<Socket> {
        let name = Uuid::new_v4().simple().to_string();
        let (dir, own_dir) = match &environment.socket_dir {
            Some(dir) => (dir.clone(), None),
            None => {
                let dir = short_temp_dir().join(format!("plugin-{name}"));
                fs::DirBuilder::new().mode(0o700).create(&dir)?;
                (dir.clone(), Some(dir))
            }
        };
        let path = dir.join(if own_dir.is_some() {
            "socket".to_owned()
        } else {
            format!("plugin-{name}")
        });
        let listener = UnixListener::bind(&path)?;
        let mode = match &environment.socket_group {
            None => 0o600,
            Some(group) => {
                let group = group_id(group)?;
                chown(&path, None, Some(group))?;
                if let Some(dir) = &own_dir {
                    chown(dir, None, Some(group))?;
                    fs::set_permissions(dir, Permissions::from_mode(0o750))?;
                }
                0o660
            }
        };
        fs::set_permissions(&path, Permissions::from_mode(mode))?;
        let only_user = match environment.socket_group {
            None => Some(std::os::unix::fs::MetadataExt::uid(&fs::metadata(&path)?)),
            Some(_) => None,
        };
        Ok(Socket {
            listener,
            address: Address {
                network: "unix",
                place: path.display().to_string(),
            },
            path,
            own_dir,
            only_user,
        })
    }

    impl Socket {
        /// The next connection. One from another user is turned away unheard.
        pub(in crate::plugin) async fn accept(&self) -> io::Result<Stream> {
            loop {
                let (stream, _) = self.listener.accept().await?;
                match (self.only_user, stream.peer_cred()) {
                    (Some(owner), Ok(peer)) if peer.uid() != owner => {
                        tracing::warn!(user = peer.uid(), "Refused a connection of another user");
                    }
                    _ => return Ok(stream),
                }
            }
        }
    }

    impl Socket {
        /// Removes what it left in the file system. Connections live on.
        pub(in crate::plugin) fn remove(&self) {
            _ = fs::remove_file(&self.path);
            if let Some(dir) = &self.own_dir {
                _ = fs::remove_dir(dir);
            }
        }
    }

    impl Drop for Socket {
        fn drop(&mut self) {
            self.remove();
        }
    }

    /// The temporary directory, unless its path leaves no room for ours.
    fn short_temp_dir() -> PathBuf {
        let ours = "/plugin-/socket".len() + Uuid::nil().simple().to_string().len();
        let dir = std::env::temp_dir();
        if dir.as_os_str().len() + ours <= PATH_LIMIT {
            dir
        } else {
            PathBuf::from("/tmp")
        }
    }

    fn group_id(group: &str) -> io::Result<u32> {
        if let Ok(id) = group.parse() {
            return Ok(id);
        }
        let groups = fs::read_to_string(Path::new("/etc/group"))?;
        let id = groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == group).then(|| fields.nth(1)?.parse().ok())?
        });
        id.ok_or_else(|| {
            let message = format!("PLUGIN_UNIX_SOCKET_GROUP: there is no group {group}");
            io::Error::new(io::ErrorKind::NotFound, message)
        })
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[tokio::test]
        async fn only_the_owner_can_reach_the_socket_and_it_is_removed_again() {
            let socket = bind(&Environment::default()).unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            let (path, dir) = (socket.path.clone(), socket.own_dir.clone().unwrap());
            assert_eq!(mode(&path), 0o600);
            assert_eq!(mode(&dir), 0o700);
            drop(socket);
            assert!(!path.exists() && !dir.exists());
        }

        #[tokio::test]
        async fn the_given_directory_is_used_and_left() {
            let dir = std::env::temp_dir().join(Uuid::new_v4().simple().to_string());
            fs::create_dir(&dir).unwrap();
            let environment = Environment {
                socket_dir: Some(dir.clone()),
                ..Environment::default()
            };
            let socket = bind(&environment).unwrap();
            assert!(socket.path.starts_with(&dir));
            drop(socket);
            fs::remove_dir(dir).unwrap();
        }

        #[test]
        fn a_group_is_found_by_name_and_by_number() {
            assert_eq!(group_id("root").unwrap_or(0), 0);
            assert_eq!(group_id("12").unwrap(), 12);
            assert!(group_id("no-such-group").is_err());
        }
    }
}

#[cfg(not(unix))]
mod tcp {
    use super::{Address, Environment, io};
    use std::net::Ipv4Addr;
    use tokio::net::{TcpListener, TcpStream};

    pub(in crate::plugin) type Stream = TcpStream;

    pub(in crate::plugin) struct Socket {
        listener: TcpListener,
        pub(in crate::plugin) address: Address,
    }

    pub(in crate::plugin) fn bind(environment: &Environment) -> io::Result<Socket> {
        let (first, last) = environment.ports;
        let mut result = Err(io::Error::other("PLUGIN_MIN_PORT is above PLUGIN_MAX_PORT"));
        for port in first..=last {
            result = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port));
            if result.is_ok() {
                break;
            }
        }
        let listener = result?;
        listener.set_nonblocking(true)?;
        let place = listener.local_addr()?.to_string();
        Ok(Socket {
            listener: TcpListener::from_std(listener)?,
            address: Address {
                network: "tcp",
                place,
            },
        })
    }

    impl Socket {
        pub(in crate::plugin) async fn accept(&self) -> io::Result<Stream> {
            Ok(self.listener.accept().await?.0)
        }

        pub(in crate::plugin) fn remove(&self) {}
    }
}
