//! How a request goes to a node, and what becomes of the answer.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use axum::body::{Body, HttpBody};
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;

use crate::answer;
use crate::flags::Node;
use crate::guard::{Guard, Refusal, host_name, web_origin};
use crate::key::Key;
use crate::leader::{self, Target};
use crate::upgrade;
use crate::upstream::{self, Upstream};

/// Most bytes of a request's head.
const HEAD_BYTES: usize = 32 << 10;
/// Most bytes of a redirect's body that are read so that its connection can be used again.
const REST_BYTES: usize = 64 << 10;
/// How long a body that nobody wants is read.
const REST_TIME: Duration = Duration::from_secs(10);

/// What a browser says for the node to judge it by. The gateway has judged it, and is the node's
/// client itself; many a node refuses WebSockets whose origin is not its own.
const NOT_TO_UPSTREAM: [HeaderName; 11] = [
    header::HOST,
    header::ORIGIN,
    header::REFERER,
    header::COOKIE,
    header::EXPECT,
    header::ACCESS_CONTROL_REQUEST_HEADERS,
    header::ACCESS_CONTROL_REQUEST_METHOD,
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-site"),
    HeaderName::from_static("sec-fetch-user"),
];

/// A node and its port here.
#[derive(Debug, Clone)]
pub struct Served {
    /// The node.
    pub node: Node,
    /// The port at which it is served.
    pub port: u16,
}

impl Served {
    /// The address of this node at the gateway, by a host name of this machine.
    #[must_use]
    pub fn url(&self, host: &str, guard: &Guard) -> String {
        web_origin(host, self.port) + guard.token.as_deref().unwrap_or("")
    }

    fn uri(&self, path: &PathAndQuery) -> Option<Uri> {
        let url = &self.node.url;
        let mut authority = url.host_str()?.to_owned();
        if let Some(port) = url.port() {
            authority = format!("{authority}:{port}");
        }
        let path = format!("{}{path}", leader::base(url));
        Uri::builder().scheme(url.scheme()).authority(authority).path_and_query(path).build().ok()
    }
}

/// All that a request needs.
#[derive(Debug)]
pub struct Gateway {
    /// The nodes, in the order of their flags.
    pub nodes: Vec<Served>,
    /// Who may use it.
    pub guard: Guard,
    /// The cluster's key, where it has one.
    pub key: Option<Key>,
    /// The connections to the nodes.
    pub upstream: Upstream,
    /// Largest body of a request.
    pub body_bytes: usize,
}

impl Gateway {
    /// The answer to a request that came in at `local`, for a node. Without a fault of the page, it
    /// is the node's.
    pub async fn answer(
        &self,
        served: &Served,
        local: IpAddr,
        request: Request<Incoming>,
    ) -> Response<Body> {
        let (head, body) = request.into_parts();
        let reader = self.guard.reader(&head.headers, local);
        let mut took = Duration::ZERO;
        let answered = match self.admit(&head, local) {
            Ok(path) if head.method != Method::OPTIONS => {
                let request = Request::from_parts(head, body);
                self.carry(served, local, &path, request, &mut took).await
            }
            early => {
                // Read to its end, so that the client has sent it and reads the answer.
                drain(body, self.body_bytes).await;
                early.map(|_| answer::preflight(&head.headers))
            }
        };
        let mut response = answered
            .unwrap_or_else(|refusal| answer::text(refusal.status, &self.hide(&refusal.text)));
        if let Some(key) = &self.key {
            key.drop_from(response.headers_mut());
        }
        answer::finish(response.headers_mut(), reader, took);
        response
    }

    fn hide(&self, text: &str) -> String {
        self.key.as_ref().map_or_else(|| text.to_owned(), |key| key.hide(text))
    }

    /// The path that is asked of the node, where the request may be carried there.
    fn admit(&self, head: &Parts, local: IpAddr) -> Result<PathAndQuery, Refusal> {
        let path = self.guard.admit(head, local)?;
        let lines = head.headers.iter().map(|(name, value)| name.as_str().len() + value.len());
        if lines.sum::<usize>() + path.as_str().len() > HEAD_BYTES {
            return Err(Refusal {
                status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
                text: format!("address and headers have more than {HEAD_BYTES} bytes"),
            });
        }
        let length = head.headers.get(header::CONTENT_LENGTH).and_then(|l| l.to_str().ok());
        if length.and_then(|l| l.parse::<usize>().ok()).is_some_and(|l| l > self.body_bytes) {
            return Err(self.too_long());
        }
        Ok(path)
    }

    fn too_long(&self) -> Refusal {
        Refusal {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            text: format!(
                "the body has more than {} MiB; start the gateway with a larger --body-limit",
                self.body_bytes >> 20
            ),
        }
    }

    /// Carries a request to the node. `took` becomes the time until the head of its answer.
    async fn carry(
        &self,
        served: &Served,
        local: IpAddr,
        path: &PathAndQuery,
        mut request: Request<Incoming>,
        took: &mut Duration,
    ) -> Result<Response<Body>, Refusal> {
        let Some(uri) = served.uri(path) else {
            let text = "the path can't be asked of the node".to_owned();
            return Err(Refusal { status: StatusCode::BAD_REQUEST, text });
        };
        let asked_host = request.headers().get(header::HOST).cloned();
        let upgrades = upgrade::is_asked(request.headers());
        let page = upgrades.then(|| hyper::upgrade::on(&mut request));
        let sent = Instant::now();
        let answered = self.upstream.send(self.for_node(request, uri.clone(), upgrades), upgrades);
        let answered = answered.await;
        *took = sent.elapsed();
        let mut response = answered.map_err(|error| self.no_answer(served, &error))?;

        let status = response.status();
        if let Some(location) = leader::location(status, response.headers()).cloned() {
            drain(response.into_body(), REST_BYTES).await;
            return self.not_leader(served, local, asked_host.as_ref(), &uri, &location);
        }
        let switched = status == StatusCode::SWITCHING_PROTOCOLS;
        match page {
            Some(page) if switched => upgrade::join(page, &mut response),
            _ if switched => {
                let text = format!("{} switched protocols unasked", served.node.name);
                return Err(Refusal { status: StatusCode::BAD_GATEWAY, text });
            }
            _ => {}
        }
        let (head, body) = response.into_parts();
        let mut out = Response::new(Body::new(body));
        *out.status_mut() = status;
        *out.headers_mut() = head.headers;
        upgrade::strip(out.headers_mut(), switched);
        answer::clean(out.headers_mut());
        Ok(out)
    }

    /// The request as the node gets it.
    fn for_node(&self, request: Request<Incoming>, uri: Uri, upgrades: bool) -> Request<Body> {
        let (head, body) = request.into_parts();
        let body = if body.is_end_stream() {
            Body::empty()
        } else {
            Body::new(Limited::new(body, self.body_bytes))
        };
        let mut request = Request::new(body);
        *request.method_mut() = head.method;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        *headers = head.headers;
        upgrade::strip(headers, upgrades);
        for name in NOT_TO_UPSTREAM {
            headers.remove(name);
        }
        if let Some(key) = &self.key {
            key.add(headers);
        }
        request
    }

    /// Why there is no answer of the node.
    fn no_answer(&self, served: &Served, error: &hyper_util::client::legacy::Error) -> Refusal {
        if upstream::causes(error).any(<dyn std::error::Error>::is::<LengthLimitError>) {
            return self.too_long();
        }
        let what = if error.is_connect() { "can't be reached" } else { "broke off" };
        let Served { node, .. } = served;
        let origin = node.url.origin().ascii_serialization();
        let text = format!("{} ({origin}) {what}: {}", node.name, upstream::reason(error));
        Refusal { status: StatusCode::BAD_GATEWAY, text }
    }

    /// The answer that stands for a redirect.
    fn not_leader(
        &self,
        served: &Served,
        local: IpAddr,
        asked_host: Option<&HeaderValue>,
        asked: &Uri,
        location: &HeaderValue,
    ) -> Result<Response<Body>, Refusal> {
        let nodes = self.nodes.iter().map(|served| &served.node.url);
        let target = location.to_str().ok();
        let target = target.and_then(|text| leader::target(nodes, &asked.to_string(), text));
        let leader = match target {
            // By the name that stands in the page's link; from elsewhere by the name it used.
            Some(Target::Node(index)) => self.nodes.get(index).map(|node| {
                let name = asked_host.and_then(|host| host.to_str().ok()).map(host_name);
                let name = name.filter(|_| !local.is_loopback()).unwrap_or("127.0.0.1");
                node.url(name, &self.guard)
            }),
            Some(Target::Origin(origin)) => Some(origin),
            None => None,
        };
        let Some(leader) = leader.and_then(|url| HeaderValue::try_from(url).ok()) else {
            let text = format!("{} redirects to no address of HTTP", served.node.name);
            return Err(Refusal { status: StatusCode::BAD_GATEWAY, text });
        };
        let mut response = answer::text(answer::NOT_LEADER, "not leader");
        response.headers_mut().insert(answer::LEADER, leader);
        Ok(response)
    }
}

/// Reads what is left of a body, as far as that is worth it.
async fn drain(mut body: Incoming, most: usize) {
    let read = async {
        let mut seen = 0;
        while let (true, Some(Ok(frame))) = (seen <= most, body.frame().await) {
            seen += frame.data_ref().map_or(0, |data| data.len());
        }
    };
    let _ = tokio::time::timeout(REST_TIME, read).await;
}
