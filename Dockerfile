# The environment and the two commands of the README. BUILD=gpu takes TensorFlow's GPU build.
#
#   docker build --tag avef .
#   docker run --rm avef make repro
#   docker run --rm avef make test
FROM python:3.11-bookworm AS base
# This image has git and make. DVC, git and pip are used as a user without rights.
RUN useradd --create-home avef && install --directory --owner avef --group avef /home/avef/avef
USER avef
WORKDIR /home/avef/avef

FROM base
ARG BUILD=cpu
ENV BUILD=$BUILD
COPY --chown=avef:avef . .
RUN make setup
CMD ["make", "repro"]
