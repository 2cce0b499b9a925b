import { openEngine } from './open-engine.js';
import { itSurvives } from './simulation.suite.js';

itSurvives(openEngine);
