export { connectRoutes, type ConnectOptions, type ConnectRoute } from './connect.ts';
