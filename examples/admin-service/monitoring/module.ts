import type { ActivityProvider } from './activity-provider.ts'
import type { AppModule } from '../modules.ts'

let activity: ActivityProvider | undefined

/** Brings an audit backend of its own. Nothing of it is loaded while the module is off. */
export const monitoringModule: AppModule = {
  code: 'monitoring',
  enabled: () => process.env['MONITORING'] !== 'off',
  auditProvider: async () => {
    const { ActivityProvider } = await import('./activity-provider.ts')
    return (activity = new ActivityProvider())
  },
  routes(app) {
    app.get('/monitoring/activity', () => activity?.counts() ?? {})
  },
}
