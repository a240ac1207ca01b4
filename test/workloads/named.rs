//! Names as rustc mangles them: methods, traits, generics, closures, statics.
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

static TABLE: [AtomicU64; 512] = {
    const ZERO: AtomicU64 = AtomicU64::new(0);
    [ZERO; 512]
};

mod shop {
    pub struct Cart {
        pub items: Vec<u64>,
    }
    impl Cart {
        #[inline(never)]
        pub fn total(&self) -> u64 {
            self.items.iter().map(|item| item * 2).sum()
        }
    }
    pub trait Price {
        fn price(&self) -> u64;
    }
    impl<T: Into<u64> + Copy> Price for T {
        #[inline(never)]
        fn price(&self) -> u64 {
            (*self).into() + 1
        }
    }
}
use shop::Price;

#[inline(never)]
fn fill(n: u64) -> HashMap<u64, String> {
    (0..n).map(|i| (i, format!("{i}"))).collect()
}

fn main() {
    let cart = shop::Cart { items: (0..100).collect() };
    let names = fill(1000);
    TABLE[7].store(cart.total(), Ordering::Relaxed);
    println!("{} {}", names.len() as u64 + 5u32.price(), TABLE[7].load(Ordering::Relaxed));
}
