# One stage compiles the four services into one program, which is the service by whose name it is
# started; then one small image each. They share the program and differ in what they start. nginx
# needs no image of its own: docker-compose.yml mounts its configuration.

FROM rust:1-slim-bookworm AS builder
WORKDIR /shop
COPY . .
# The caches outlive a build, so a second one compiles only what has changed. They are gone
# from the image, which is why the program is copied out.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/shop/target \
    cargo build --release --locked -p shop \
    && cp target/release/shop /usr/local/bin/

FROM debian:bookworm-slim AS service
COPY --from=builder /usr/local/bin/shop /usr/local/bin/
RUN cd /usr/local/bin && for name in cart catalog order payment; do ln -s shop $name; done
# Nobody by name, and the owner of nothing but the folder for the database.
RUN install -d -o 10001 -g 10001 /data
USER 10001:10001
# 0.0.0.0, because 127.0.0.1 in a container reaches only the container itself.
ENV HOST=0.0.0.0
VOLUME /data

FROM service AS cart
ENV PORT=8001 DATABASE_PATH=/data/carts.db
EXPOSE 8001
HEALTHCHECK --interval=2s --timeout=2s --retries=5 CMD ["cart", "health"]
CMD ["cart"]

FROM service AS catalog
ENV PORT=8002 DATABASE_PATH=/data/products.db
EXPOSE 8002
HEALTHCHECK --interval=2s --timeout=2s --retries=5 CMD ["catalog", "health"]
CMD ["catalog"]

FROM service AS order
ENV PORT=8003 DATABASE_PATH=/data/orders.db
EXPOSE 8003
HEALTHCHECK --interval=2s --timeout=2s --retries=5 CMD ["order", "health"]
CMD ["order"]

FROM service AS payment
ENV PORT=8004 DATABASE_PATH=/data/payments.db
EXPOSE 8004
HEALTHCHECK --interval=2s --timeout=2s --retries=5 CMD ["payment", "health"]
CMD ["payment"]
