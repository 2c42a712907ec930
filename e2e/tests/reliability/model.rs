//! The state machines of order, payment and stock against a small model.
//!
//! Random steps (place, repeat, pay, cancel, expire, reprice, restock, delete, reset, and messages
//! that travel) are done twice: to the services' own transactions on three real files, and to a model of
//! two hundred lines that knows no SQL. After every step both say the same.
//!
//! A message is a row of an outbox until its sender has heard an answer. It can be sent at any
//! time and any number of times, it can arrive long after its row is gone, and the answer to
//! it can be lost. So a crash of any process at any place, a time-out and a retry are all in
//! here: each is some order of these steps.

mod expected;
mod world;

use proptest::prelude::{Strategy, any};
use proptest::test_runner::{Config, RngSeed, TestRunner};
use proptest::{collection, prop_oneof};

use self::expected::Expected;
use self::world::World;
use crate::support::from_environment;

/// Sequences of a usual run, and the steps of one.
const CASES: u64 = 150;
const STEPS: usize = 60;

/// One step. Numbers choose among what there is, whatever there is.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Place {
        product: u8,
        quantity: u8,
        is_up_to_date: bool,
    },
    /// The request that placed an order again, with its key.
    Repeat {
        order: u8,
    },
    Pay {
        order: u8,
        is_right: bool,
    },
    Cancel {
        order: u8,
    },
    ExpireAll,
    Shelf {
        product: u8,
        change: Change,
    },
    /// The webhook without a body, which names no payment.
    PayNamelessly {
        order: u8,
    },
    /// Back to the first day, everywhere.
    Reset,
    /// A message that waits is put on its way.
    Send {
        message: u8,
    },
    /// One that is on its way arrives. The answer may be lost.
    Arrive {
        message: u8,
        is_heard: bool,
    },
}

/// What somebody does to a product.
#[derive(Clone, Copy, Debug)]
pub enum Change {
    Reprice { cents: u8 },
    Restock { stock: u8 },
    Delete,
}

#[test]
fn orders_payments_and_stock_follow_the_model_in_any_order_of_messages() {
    let cases = from_environment("RELIABILITY_ROUNDS", CASES);
    let seed = from_environment("RELIABILITY_SEED", fastrand::u64(..1_000_000));
    println!("RELIABILITY_SEED={seed}");
    let config = Config {
        cases: cases.try_into().expect("not that many"),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 2_000,
        ..Config::default()
    };
    let sequences = collection::vec(step(), 1..STEPS);

    let outcome = TestRunner::new(config).run(&sequences, |steps| {
        follow(&steps);
        Ok(())
    });

    outcome.unwrap_or_else(|fault| panic!("{fault}"));
}

/// Does the steps, compares after each, and then lets everything settle.
fn follow(steps: &[Step]) {
    let (mut world, mut expected) = (World::new(), Expected::new());
    for step in steps {
        take(&mut world, &mut expected, *step);
        world.must_be(&expected);
    }
    // Whatever is still under way arrives at last, and then nothing waits any more.
    while world.sends_anything() {
        take(&mut world, &mut expected, Step::Send { message: 0 });
        take(&mut world, &mut expected, Step::Arrive { message: 0, is_heard: true });
        world.must_be(&expected);
    }
    expected.must_be_settled();
}

fn take(world: &mut World, expected: &mut Expected, step: Step) {
    match step {
        Step::Place { product, quantity, is_up_to_date } => {
            let (product, quantity) = (usize::from(product % 2), i64::from(quantity % 4) + 1);
            let cents = expected.price(product) + i64::from(!is_up_to_date);
            world.place(product, quantity, cents);
            expected.place(product, quantity, cents);
        }
        Step::Repeat { order } => world.repeat(order.into()),
        Step::Pay { order, is_right } => {
            if let Some(order) = expected.some_order(order.into()) {
                world.pay(order, expected.total(order) + i64::from(!is_right));
                expected.pay(order, is_right);
            }
        }
        Step::Cancel { order } => {
            if let Some(order) = expected.some_order(order.into()) {
                world.cancel(order);
                expected.end(order, "CANCELLED");
            }
        }
        Step::ExpireAll => {
            world.expire_all();
            expected.expire_all();
        }
        Step::Shelf { product, change } => {
            change_shelf(world, expected, usize::from(product % 2), change);
        }
        Step::PayNamelessly { order } => {
            if let Some(order) = expected.some_order(order.into()) {
                world.pay_namelessly(order);
                expected.pay_namelessly(order);
            }
        }
        Step::Reset => {
            world.reset();
            *expected = Expected::new();
        }
        Step::Send { message } => world.send(message.into()),
        Step::Arrive { message, is_heard } => {
            if let Some(letter) = world.arrive(message.into(), is_heard) {
                expected.arrive(letter, is_heard);
            }
        }
    }
}

fn change_shelf(world: &mut World, expected: &mut Expected, product: usize, change: Change) {
    match change {
        Change::Reprice { cents } => {
            let cents = i64::from(cents % 3) + 100;
            world.replace(product, cents, expected.stock(product));
            expected.reprice(product, cents);
        }
        Change::Restock { stock } => {
            let stock = i64::from(stock % 8);
            world.replace(product, expected.price(product), stock);
            expected.restock(product, stock);
        }
        Change::Delete => {
            world.delete(product);
            expected.delete(product);
        }
    }
}

/// Messages travel more often than anything else happens, or little would ever end.
fn step() -> impl Strategy<Value = Step> {
    let byte = any::<u8>;
    prop_oneof![
        4 => (byte(), byte(), proptest::bool::weighted(0.9)).prop_map(
            |(product, quantity, is_up_to_date)| Step::Place { product, quantity, is_up_to_date }
        ),
        1 => byte().prop_map(|order| Step::Repeat { order }),
        4 => (byte(), proptest::bool::weighted(0.9))
            .prop_map(|(order, is_right)| Step::Pay { order, is_right }),
        2 => byte().prop_map(|order| Step::Cancel { order }),
        1 => proptest::strategy::Just(Step::ExpireAll),
        1 => (byte(), byte()).prop_map(|(product, cents)| {
            Step::Shelf { product, change: Change::Reprice { cents } }
        }),
        1 => (byte(), byte()).prop_map(|(product, stock)| {
            Step::Shelf { product, change: Change::Restock { stock } }
        }),
        1 => byte().prop_map(|order| Step::PayNamelessly { order }),
        // These are rare, because little is left to do after them.
        1 => (0_u8..8).prop_map(|die| match die {
            0 => Step::Reset,
            product @ 1..=2 => Step::Shelf { product, change: Change::Delete },
            order => Step::Repeat { order },
        }),
        8 => byte().prop_map(|message| Step::Send { message }),
        8 => (byte(), proptest::bool::weighted(0.7))
            .prop_map(|(message, is_heard)| Step::Arrive { message, is_heard }),
    ]
}
