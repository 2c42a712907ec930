//! The plan of a shop, and the shop: four services that know each other's addresses.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use chassis::testing::{Client, Process, Program, Request, free_port};

use crate::binaries::binary;
use crate::nginx::Nginx;

/// What signs the webhooks of a shop.
const WEBHOOK_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The four services.
pub const SERVICES: [Service; 4] =
    [Service::Cart, Service::Catalog, Service::Order, Service::Payment];

/// One of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// What shoppers have picked.
    Cart,
    /// Products and stock.
    Catalog,
    /// Orders.
    Order,
    /// Payments.
    Payment,
}

impl Service {
    /// The name of its program.
    pub fn name(self) -> &'static str {
        match self {
            Self::Cart => "cart",
            Self::Catalog => "catalog",
            Self::Order => "order",
            Self::Payment => "payment",
        }
    }

    /// The path outside of what is `path` inside.
    fn outside(self, path: &str) -> String {
        match self {
            Self::Catalog => format!("/api/catalog{path}"),
            Self::Cart | Self::Order | Self::Payment => format!("/api{path}"),
        }
    }
}

/// A shop that is not open yet.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    settings: BTreeMap<Service, Vec<(String, String)>>,
    nginx: Option<BTreeMap<String, String>>,
}

impl Plan {
    /// With a setting for one service.
    #[must_use]
    pub fn set(mut self, service: Service, name: &str, value: impl ToString) -> Self {
        self.settings.entry(service).or_default().push((name.to_owned(), value.to_string()));
        self
    }

    /// With a setting for every part, nginx included if there is one.
    #[must_use]
    pub fn set_all(mut self, name: &str, value: impl ToString) -> Self {
        for service in SERVICES {
            self = self.set(service, name, value.to_string());
        }
        if let Some(nginx) = &mut self.nginx {
            nginx.insert(name.to_owned(), value.to_string());
        }
        self
    }

    /// With nginx in front.
    #[must_use]
    pub fn nginx(mut self) -> Self {
        self.nginx.get_or_insert_default();
        self
    }

    /// With nginx in front, and a setting for it.
    #[must_use]
    pub fn set_nginx(mut self, name: &str, value: impl ToString) -> Self {
        let settings = self.nginx.get_or_insert_default();
        settings.insert(name.to_owned(), value.to_string());
        self
    }

    /// Starts everything, and waits until all of it is healthy.
    pub async fn start(mut self) -> Shop {
        let ports: BTreeMap<Service, u16> =
            SERVICES.into_iter().map(|service| (service, free_port())).collect();
        let [cart, catalog, order, payment] =
            SERVICES.map(|service| self.program(service, &ports).start());
        let (cart, catalog, order, payment) = tokio::join!(cart, catalog, order, payment);
        let nginx = match self.nginx.take() {
            Some(settings) => Some(Nginx::start(with_addresses(settings, &ports)).await),
            None => None,
        };
        Shop { nginx, cart, catalog, order, payment, stocked: Mutex::new(seed()) }
    }

    fn program(&self, service: Service, ports: &BTreeMap<Service, u16>) -> Program {
        let mut program = Program::new(binary(service.name()))
            .set("PORT", ports[&service])
            .set("WEBHOOK_SECRET", WEBHOOK_SECRET);
        for (other, port) in ports {
            let name = format!("{}_SERVICE_URL", other.name().to_uppercase());
            program = program.set(&name, format!("http://127.0.0.1:{port}"));
        }
        for (name, value) in self.settings.get(&service).into_iter().flatten() {
            program = program.set(name, value);
        }
        program
    }
}

/// What a new shop has of each product, as in `catalog/migrations/seed.sql`.
fn seed() -> BTreeMap<i64, i64> {
    (1..).zip([50, 200, 150, 60, 80, 75, 40, 30, 90, 25, 500, 120]).collect()
}

fn with_addresses(
    mut settings: BTreeMap<String, String>,
    ports: &BTreeMap<Service, u16>,
) -> BTreeMap<String, String> {
    for (service, port) in ports {
        let name = format!("{}_ADDR", service.name().to_uppercase());
        settings.entry(name).or_insert(format!("127.0.0.1:{port}"));
    }
    settings
}

/// A running shop. What is done to it goes through nginx if it has one.
#[derive(Debug)]
pub struct Shop {
    // First, so that it ends first: then nobody asks the services any more.
    nginx: Option<Nginx>,
    /// The cart service.
    pub cart: Process,
    /// The catalog service.
    pub catalog: Process,
    /// The order service.
    pub order: Process,
    /// The payment service.
    pub payment: Process,
    /// Units of each product, as the test last stocked it.
    stocked: Mutex<BTreeMap<i64, i64>>,
}

impl Shop {
    /// The four services with their defaults.
    pub async fn start() -> Self {
        Plan::default().start().await
    }

    /// The same with nginx in front.
    pub async fn with_nginx() -> Self {
        Plan::default().nginx().start().await
    }

    /// A shop of other settings: `Shop::plan().nginx().set(Service::Order, "ORDER_EXPIRES_S", 2)`.
    pub fn plan() -> Plan {
        Plan::default()
    }

    /// nginx.
    ///
    /// # Panics
    ///
    /// If the shop has none.
    pub fn nginx(&self) -> &Nginx {
        self.nginx.as_ref().expect("this shop has nginx in front")
    }

    /// The client of somebody outside.
    ///
    /// # Panics
    ///
    /// If the shop has no nginx.
    pub fn outside(&self) -> &Client {
        self.nginx().client()
    }

    /// One of the services.
    pub fn service(&self, service: Service) -> &Process {
        match service {
            Service::Cart => &self.cart,
            Service::Catalog => &self.catalog,
            Service::Order => &self.order,
            Service::Payment => &self.payment,
        }
    }

    /// One of the services, to kill it or to start it again.
    pub fn service_mut(&mut self, service: Service) -> &mut Process {
        match service {
            Service::Cart => &mut self.cart,
            Service::Catalog => &mut self.catalog,
            Service::Order => &mut self.order,
            Service::Payment => &mut self.payment,
        }
    }

    /// Units of each product, as it was last stocked through this shop.
    pub fn stocked(&self) -> BTreeMap<String, i64> {
        let stocked = self.stocked.lock().unwrap_or_else(PoisonError::into_inner);
        stocked.iter().map(|(product, units)| (product.to_string(), *units)).collect()
    }

    /// Remembers that a product is stocked.
    pub(crate) fn note_stock(&self, product_id: i64, units: i64) {
        self.stocked.lock().unwrap_or_else(PoisonError::into_inner).insert(product_id, units);
    }

    /// A request to a service by its own path, through nginx if there is one.
    #[track_caller]
    pub fn request(&self, service: Service, method: &str, path: &str) -> Request {
        match &self.nginx {
            Some(nginx) => nginx.client().request(method, &service.outside(path)),
            None => self.service(service).request(method, path),
        }
    }
}
