# The image of the proxy: the program, iptables for kernels without nf_tables, their libraries, and nothing else. From the
# root of the repository, after `make wheels` for each architecture:
#
#     docker buildx build --platform linux/amd64,linux/arm64 -f deploy/images/proxy.Dockerfile -t PROXY:VERSION .
#
# The base is named by tag. Whoever publishes images puts the digest of the day behind it (`docker buildx imagetools inspect`).

FROM debian:bookworm-slim AS parts
ARG TARGETARCH
RUN apt-get update && apt-get install --yes --no-install-recommends iptables unzip
COPY dist/hauberk_proxy-*.whl /wheels/
RUN set -eu; \
    case "$TARGETARCH" in \
      amd64) machine=x86_64 ;; \
      arm64) machine=aarch64 ;; \
      *) echo "there is no wheel for the architecture '$TARGETARCH'" >&2; exit 1 ;; \
    esac; \
    mkdir /image; \
    unzip -j -d /image /wheels/hauberk_proxy-*"$machine".whl '*/scripts/hauberk-proxy'; \
    chmod 755 /image/hauberk-proxy; \
    # Both kinds of iptables, under all their names, with the modules that they load.
    mkdir --parents /image/usr/sbin; \
    cp /usr/sbin/xtables-nft-multi /usr/sbin/xtables-legacy-multi /image/usr/sbin; \
    find /usr/sbin -lname 'xtables-*' -exec cp --no-dereference {} /image/usr/sbin \; ; \
    for modules in /usr/lib/*/xtables; do mkdir --parents "/image$modules"; cp "$modules"/*.so "/image$modules"; done; \
    ln -s xtables-nft-multi /image/usr/sbin/iptables; \
    ln -s xtables-nft-multi /image/usr/sbin/ip6tables; \
    # The loader (alone on its line), and the libraries (behind an arrow).
    ldd /image/hauberk-proxy /usr/sbin/xtables-nft-multi /usr/sbin/xtables-legacy-multi /usr/lib/*/xtables/*.so \
      | awk '$2 == "=>" && $3 ~ /^\// { print $3 } $1 ~ /^\// && $2 ~ /^\(/ { print $1 }' | sort --unique \
      | xargs --no-run-if-empty cp --dereference --parents --target-directory /image; \
    mkdir --mode 1777 /image/tmp; \
    mkdir /image/run /image/etc

FROM scratch
COPY --from=parts /image /
ENV PATH=/usr/sbin:/usr/bin
# As `proxy.uid` of the chart. Whoever redirects connections, or puts a CNI plugin on a node, is root by its own manifest.
USER 2102:2102
ENTRYPOINT ["/hauberk-proxy"]
