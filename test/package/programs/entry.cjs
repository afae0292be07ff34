const { connectViaGateway, isSshError } = require('ssh-via-gateway');
const { startMockServer } = require('ssh-via-gateway/mock-server');

import('./round-trip.mjs').then(({ roundTrip }) =>
  roundTrip({ connectViaGateway, isSshError }, { startMockServer }),
);
