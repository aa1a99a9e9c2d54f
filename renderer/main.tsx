// First, since it puts the style layers in their order.
import './theme/tokens.css';
import { MantineProvider } from '@mantine/core';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { askEarly, keepInStep } from './api.ts';
import { router } from './router.tsx';
import { theme } from './theme/mantine.ts';
import { rememberedTheme, showTheme } from './theme/theme.ts';
import './theme/base.css';
import './ui/ui.css';

showTheme(rememberedTheme());

const client = new QueryClient({
  defaultOptions: {
    // Main runs on this machine: a failure is an answer, and being offline says nothing.
    queries: { retry: false, networkMode: 'always', staleTime: 5_000 },
    mutations: { networkMode: 'always' },
  },
});
askEarly(client);
keepInStep(client, (to) => router.history.push(to));

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} withCssVariables={false} withGlobalClasses={false} forceColorScheme="light" getRootElement={() => undefined}>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
