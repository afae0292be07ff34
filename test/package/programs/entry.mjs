import { connectViaGateway, isSshError } from 'ssh-via-gateway';
import { startMockServer } from 'ssh-via-gateway/mock-server';
import { roundTrip } from './round-trip.mjs';

roundTrip({ connectViaGateway, isSshError }, { startMockServer });
